"""Estimate: a number with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Estimate:
    """A number with its 95 % interval; NaN where nothing could be counted."""

    value: float
    low: float
    high: float

    @staticmethod
    def of(value: float, resampled: Floats) -> Estimate:
        """The interval from resampled values; none of them stands for no interval."""
        if not len(resampled):
            return Estimate(value, math.nan, math.nan)
        low, high = np.quantile(resampled, (0.025, 0.975))
        return Estimate(value, float(low), float(high))
