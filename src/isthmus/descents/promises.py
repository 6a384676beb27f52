"""Promises: whether gradients are true, where a descent has failed.

A gradient promises by how much a short step along it raises the loss. On a network whose gradients are masked (replaced
in the backward pass, shattered by fine waves, taken through a rounding) the step does not keep what was promised; then
the failure of what follows gradients says nothing of the network (Athalye, Carlini and Wagner 2018).
"""

from __future__ import annotations

import math

import torch

from isthmus._core.geometry import expand_to, inner, lengths, unit
from isthmus._core.shapes import Inputs, Losses, Mask, Targets
from isthmus.landscapes import AbstractLandscape, Slope

LEAST, MOST = 0.5, 2.0  # of a promise: what merely bends keeps it within these
SURE = 20.0  # roundings that a change must be worth, in inputs and in logits
TINY = torch.finfo(torch.float64).tiny


def kept_share(landscape: AbstractLandscape, x: Inputs, target: Targets, step: Losses, norm: float = 2.0) -> Losses:
    """What a step of the lengths (n,), in the norm 2 or math.inf, raises the loss by, over what the gradient promises
    (n,): 1 on a plane; 0 where gradients lead nowhere, are zero, or are no numbers; NaN where a step at most ten times
    as long, or a thousandth of x, would drown in rounding.

    Cost: 7 forward-equivalents an input, of the loss that does not saturate where the landscape knows one.
    """
    slope = _slope(landscape, x, target)
    gradient = slope.gradient.nan_to_num(0.0, 0.0, 0.0).to(x)
    if norm == math.inf:
        way, size = gradient.sign(), x.double().abs().flatten(1).amax(1)
        rate = gradient.double().abs().flatten(1).sum(1)
    else:
        way, size, rate = unit(gradient), lengths(x), lengths(gradient)
    step = step.to(x.device, torch.float64)
    logits = landscape.evaluate(x, target, validated=True).logits.double()
    sure = SURE * torch.finfo(landscape.precision).eps
    drowned = sure * logits.masked_fill(~logits.isfinite(), 0).abs().amax(1)
    least = torch.maximum(sure * size, 2 * drowned / rate.clamp_min(TINY))
    most = torch.maximum(10 * step, 1e-3 * size)
    there = x + expand_to(step.clamp_min(least).clamp_max(most), x).to(x) * way
    promised = inner(gradient, there - x)  # of the step as it was rounded
    raised = (_slope(landscape, there, target).loss.double() - slope.loss.double()).nan_to_num(0.0, 0.0, 0.0)
    told = (rate == 0) | ((least <= most) & (promised >= drowned))
    return torch.where(told, (raised / promised).nan_to_num(0.0, 0.0, 0.0), torch.nan).cpu()


def is_broken(share: Losses) -> Mask:
    """Whether promises (n,) were not kept; not so where nobody asked, or could (NaN)."""
    return (share < LEAST) | (share > MOST)


def _slope(landscape: AbstractLandscape, x: Inputs, target: Targets) -> Slope:
    found = landscape.unsaturated(x, target)
    return landscape.gradient(x, target, validated=True) if found is None else found
