"""Batched vector algebra over inputs of any shape; sums in float64, where rounding would decide."""

from __future__ import annotations

import torch
from torch import Tensor

from isthmus._core.shapes import Inputs, Losses


def expand_to(values: Tensor, like: Tensor) -> Tensor:
    """`values` (n,) with trailing axes of length one, to broadcast against `like` (n, ...)."""
    return values.reshape(values.shape + (1,) * (like.ndim - values.ndim))


def inner(x: Inputs, y: Inputs) -> Losses:
    """Inner products <x_i, y_i> (n,), in float64."""
    return (x.flatten(1) * y.flatten(1)).sum(1, dtype=torch.float64)


def norms(x: Inputs) -> Losses:
    """Euclidean norms (n,), in float64."""
    return inner(x, x).sqrt()


def lengths(x: Inputs) -> Losses:
    """Euclidean norms (n,) that neither overflow nor vanish where the squares do."""
    found = norms(x)
    if x.dtype == torch.float64:
        return found
    unsure = ~found.isfinite() | (found < 1e-15)
    return torch.where(unsure, norms(x.double()), found) if bool(unsure.any()) else found


def share_along(x: Inputs, normal: Inputs) -> Losses:
    """How much of each normal (n, *input) is in x: <x_i, normal_i> / |normal_i|^2 (n,); 0 where the normal is zero."""
    squared = inner(normal, normal)
    return inner(x, normal) / torch.where(squared > 0, squared, 1.0)


def slide(x: Inputs, share: Losses, normal: Inputs) -> Inputs:
    """What is left of x when so many normals are taken away, row by row: x - share * normal."""
    return x - expand_to(share.to(x.dtype), x) * normal


def without(x: Inputs, normal: Inputs) -> Inputs:
    """What is left of x when its part along the normal is taken away."""
    return slide(x, share_along(x, normal), normal)


def unit(x: Inputs) -> Inputs:
    """Rows scaled to length one; rows of zeros stay."""
    size = norms(x).clamp_min(torch.finfo(torch.float64).tiny)
    return x * expand_to((1 / size).to(x.dtype), x)
