"""Landscapes, segments and comparisons that several tests of exact profiles share."""

from __future__ import annotations

import torch
from torch import nn

import isthmus
from isthmus.certificates.affine_pieces.pieces import between

DENSE = torch.linspace(0, 1, 4001, dtype=torch.float64)


def landscape_of(model: nn.Module, **settings) -> isthmus.Landscape:
    network = isthmus.Network(model.double().eval(), **settings)
    return isthmus.Landscape(network, domain=isthmus.Unbounded())


def segment(*shape: int, seed: int = 0, scale: float = 1.5) -> isthmus.Polyline:
    random = torch.Generator().manual_seed(seed)
    return isthmus.Polyline(scale * torch.randn((2, *shape), generator=random, dtype=torch.float64))


def agrees(landscape: isthmus.Landscape, path: isthmus.Polyline, found, *, atol: float = 1e-10) -> None:
    """The pieces say everywhere what the network says."""
    there = landscape.logits(path.at(DENSE)).double()
    torch.testing.assert_close(between(found.t, found.logits, DENSE), there, atol=atol, rtol=1e-9)


def bends(found) -> torch.Tensor:
    """By how much the slope of the logits changes at each knot between the ends."""
    slope = found.logits.diff(dim=0) / found.t.diff()[:, None]
    return slope.diff(dim=0).abs().amax(1)
