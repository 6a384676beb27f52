"""Batched vector algebra over inputs of any shape; sums in float64, where rounding would decide."""

from __future__ import annotations

import torch
from torch import Tensor

from isthmus._shapes import Inputs, Losses


def expand_to(values: Tensor, like: Tensor) -> Tensor:
    """`values` (n,) with trailing axes of length one, to broadcast against `like` (n, ...)."""
    return values.reshape(values.shape + (1,) * (like.ndim - values.ndim))


def inner(x: Inputs, y: Inputs) -> Losses:
    """Inner products <x_i, y_i> (n,), in float64."""
    return (x.flatten(1) * y.flatten(1)).sum(1, dtype=torch.float64)


def norms(x: Inputs) -> Losses:
    """Euclidean norms (n,), in float64."""
    return inner(x, x).sqrt()
