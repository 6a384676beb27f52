"""Rounding in float64: what a result may be off by, and bounds that stay bounds although they are rounded themselves.

Higham, Accuracy and Stability of Numerical Algorithms (2002), chapter 3: a sum of n products is off by at most
gamma(n) times the sum of their magnitudes, whatever the order of summation.
"""

from __future__ import annotations

import torch
from torch import Tensor

UNIT = 2.0**-53  # of float64: what one operation may be off by, relative to its result
TINY = 1e-290  # added to bounds: what is lost where numbers are smaller than float64 can hold well
LIBRARY = 8  # units by which exp, erf and their like are taken to be off at most; those in use stay within 4


def gamma(operations: int) -> float:
    """Relative error after so many operations in a row, at most."""
    return operations * UNIT / (1 - operations * UNIT)


def up(bound: Tensor, operations: int = 32) -> Tensor:
    """A bound of magnitudes that was rounded at most so many times in a row, made safe."""
    return bound * (1 + 2 * gamma(operations)) + TINY


def magnitude(coefficients: Tensor) -> Tensor:
    """Sum of magnitudes along the first axis."""
    return coefficients.abs().sum(0)


def norm(values: Tensor, axis: int) -> Tensor:
    """The 2-norm along an axis, rounded up."""
    return up(torch.linalg.vector_norm(values, dim=axis), values.shape[axis] + 8)
