"""Adam on batches whose rows are optimised apart from one another, and the penalties that hold a point near another."""

from __future__ import annotations

from torch import Tensor

from isthmus._geometry import expand_to
from isthmus._shapes import Index, Inputs

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8


def adam_update(gradient: Inputs, first: Inputs, second: Inputs, steps: Index) -> tuple[Inputs, Inputs, Inputs]:
    """Direction of a step of length one, and the new moments (Kingma and Ba 2015, Algorithm 1).

    Args:
        gradient: of this step (n, *input).
        first, second: moments after the step before; zeros at first.
        steps: number of this step, from 1 (n,).
    """
    first = first.lerp(gradient, 1 - BETA1)
    second = second.lerp(gradient**2, 1 - BETA2)
    number = expand_to(steps, gradient)
    direction = (first / (1 - BETA1**number)) / ((second / (1 - BETA2**number)).sqrt() + EPSILON)
    return direction, first, second


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
