"""A network in float64, in which everything is enclosed, and how far that is from the network as it is computed."""

from __future__ import annotations

import math

import torch

from isthmus._core.shapes import Input, Inputs
from isthmus.certificates.following.precision import in_precision
from isthmus.errors import NetworkError
from isthmus.landscapes import AbstractLandscape, Landscape

CHECKS = 9  # points at which the network is compared with itself in float64
WRONG = 1e-2  # of the largest logit there: no rounding does that


def in_float64(landscape: AbstractLandscape, x: Input) -> Landscape:
    """The landscape on a copy of its network in float64.

    Raises:
        NetworkError: there is none, or its loss is no function of differences of logits.
    """
    if not isinstance(landscape, Landscape) or not landscape.loss_function.monotone:
        raise NetworkError(
            "Taylor models need a Landscape on a network, with a loss that is a function of differences of logits, as "
            "cross-entropy and the margin are."
        )
    return in_precision(landscape, torch.float64, x)


def difference(landscape: AbstractLandscape, work: Landscape, x: Inputs, target: int) -> float:
    """By how much logits as they are computed differ from those in float64, at some points (n, *input).

    Raises:
        NetworkError: by more than rounding can explain.
    """
    targets = torch.full((len(x),), target)
    there = landscape.evaluate(x, targets, validated=True).logits.cpu().double()
    exact = work.evaluate(x, targets, validated=True).logits.cpu()
    apart = float((there - exact).abs().max())
    if not apart <= WRONG * max(1.0, float(exact.abs().max())) or not math.isfinite(apart):
        raise NetworkError(
            f"The network in float64 differs from itself as it is computed by {apart:.3g} in its logits: large terms "
            "cancel in it, or it computes in half precision, and a certificate would be one of another network."
        )
    return apart
