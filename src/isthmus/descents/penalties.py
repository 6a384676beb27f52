"""Penalties: what holds a moved input near where it was, and smooth."""

from __future__ import annotations

from torch import Tensor

from isthmus._core.shapes import Inputs


def penalty_gradient(moved: Inputs, mse: float, tv: float) -> Tensor:
    """Gradient of mse * mean(moved^2) + tv * TV(moved) (n, *input). TV acts on inputs with two spatial axes."""
    gradient = (2 * mse / moved[0].numel()) * moved
    if tv and moved.ndim >= 4:
        for axis in (-2, -1):
            sign = moved.diff(dim=axis).sign() * tv
            size = moved.shape[axis] - 1
            gradient.narrow(axis, 1, size).add_(sign)
            gradient.narrow(axis, 0, size).sub_(sign)
    return gradient
