"""Powers and the logarithm, which are smooth on one side of 0."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from isthmus.certificates.taylor.functions.base import Series, Smooth, doubtful
from isthmus.certificates.taylor.rounding import LIBRARY


def binomial(exponent: float, number: int) -> float:
    """Of any exponent over a whole number."""
    found = 1.0
    for each in range(number):
        found *= (exponent - each) / (each + 1)
    return found


@final
@dataclass(frozen=True)
class Power(Smooth):
    """x^exponent, of x above 0; for whole exponents also below, and for those of at least 0 anywhere."""

    exponent: float

    def series(self, at: Tensor, last: int) -> Series:
        terms = torch.stack([binomial(self.exponent, number) * self._power(at, number) for number in range(last + 1)])
        terms = terms.nan_to_num(nan=torch.inf)
        return Series(terms, doubtful(terms.abs(), 2 * LIBRARY + 4 * last))

    def _power(self, at: Tensor, number: int) -> Tensor:
        if self._ends_before(number):
            return torch.zeros_like(at)
        exponent = self.exponent - number
        if exponent == round(exponent):
            return at ** int(exponent)
        return torch.where(at > 0, at.clamp_min(1e-300) ** exponent, torch.inf)

    def _ends_before(self, number: int) -> bool:
        return self.exponent >= 0 and self.exponent == round(self.exponent) and number > self.exponent

    def tail(self, low: Tensor, high: Tensor, order: int) -> Tensor:
        """|x|^(exponent - order) is largest at an end of the interval."""
        if self._ends_before(order):
            return torch.zeros_like(low)
        factor = 1.0001 * abs(binomial(self.exponent, order))
        whole = self.exponent == round(self.exponent)
        rest = self.exponent - order
        at_ends = torch.maximum(low.abs() ** rest, high.abs() ** rest)
        if whole and self.exponent >= 0:
            return factor * at_ends
        smooth = (low > 0) | (high < 0) if whole else low > 0
        return torch.where(smooth, factor * at_ends, torch.inf)


@final
@dataclass(frozen=True)
class Log(Smooth):
    """The natural logarithm, of numbers above 0."""

    def series(self, at: Tensor, last: int) -> Series:
        safe = torch.where(at > 0, at, torch.nan)
        terms = [safe.log(), *(-((-safe) ** -number) / number for number in range(1, last + 1))]
        stacked = torch.stack(terms).nan_to_num(nan=torch.inf, posinf=torch.inf, neginf=torch.inf)
        return Series(stacked, doubtful(stacked.abs(), 2 * LIBRARY + 2 * last))

    def tail(self, low: Tensor, high: Tensor, order: int) -> Tensor:
        return torch.where(low > 0, 1.0001 * low ** float(-order) / order, torch.inf)
