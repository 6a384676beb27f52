"""Promises: whether gradients are true, where a descent has failed.

A gradient promises by how much a short step along it raises the loss. On a network whose gradients are masked (replaced
in the backward pass, shattered by fine waves, taken through a rounding) the step does not keep what was promised; then
the failure of what follows gradients says nothing of the network (Athalye, Carlini and Wagner 2018).
"""

from __future__ import annotations

import math

import torch

from isthmus._core.geometry import expand_to, norms
from isthmus._core.shapes import Inputs, Losses, Mask, Targets
from isthmus.landscapes import AbstractLandscape, Slope

LEAST, MOST = 0.5, 2.0  # of a promise: what merely bends keeps it within these


def kept_share(landscape: AbstractLandscape, x: Inputs, target: Targets, step: Losses, norm: float = 2.0) -> Losses:
    """What a step of the lengths (n,), in the norm 2 or math.inf, raises the loss by, over what the gradient promises
    (n,): 1 on a plane; 0 where gradients lead nowhere, are zero, or are no numbers.

    Cost: 6 forward-equivalents an input, of the loss that does not saturate where the landscape knows one.
    """
    slope = _slope(landscape, x, target)
    gradient = slope.gradient.nan_to_num(0.0, 0.0, 0.0)
    step, length = step.to(x.device, torch.float64), norms(gradient)
    if norm == math.inf:
        way, rate = gradient.sign(), gradient.double().abs().flatten(1).sum(1)
    else:
        way, rate = gradient / expand_to(torch.where(length > 0, length, 1.0), gradient).to(x), length
    there = x + expand_to(step, x).to(x) * way
    raised = _slope(landscape, there, target).loss.double() - slope.loss.double()
    return (raised / (step * rate)).nan_to_num(0.0, 0.0, 0.0).cpu()


def is_broken(share: Losses) -> Mask:
    """Whether promises (n,) were not kept; not so where nobody asked (NaN)."""
    return (share < LEAST) | (share > MOST)


def _slope(landscape: AbstractLandscape, x: Inputs, target: Targets) -> Slope:
    found = landscape.unsaturated(x, target)
    return landscape.gradient(x, target, validated=True) if found is None else found
