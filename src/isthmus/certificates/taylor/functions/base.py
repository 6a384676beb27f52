"""What a smooth function is: its Taylor series anywhere, and bounds of its derivatives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import NamedTuple, final

import torch
from torch import Tensor

from isthmus.certificates.taylor.enclosure import Enclosure, composed
from isthmus.certificates.taylor.rounding import gamma, up

MORE = 4  # terms of a series beyond the order: the remainder of Lagrange, a bound for all numbers, is small after them


class Series(NamedTuple):
    """Taylor series of a function at many places.

    Attributes:
        terms: f^(j) / j! for j = 0 to Q (Q + 1, *shape).
        doubt: how far rounding may have moved each, at most (Q + 1, *shape).
    """

    terms: Tensor
    doubt: Tensor


class Smooth(ABC):
    """A function of one number that has all derivatives wherever it is used."""

    @abstractmethod
    def series(self, at: Tensor, last: int) -> Series:
        """Its Taylor series up to the power `last`, at places (*shape)."""

    @abstractmethod
    def tail(self, low: Tensor, high: Tensor, order: int) -> Tensor:
        """What |f^(order)| / order! does not exceed between low and high; infinite where it is not smooth there."""

    def steepest(self, low: Tensor, high: Tensor) -> Tensor:
        """What |f'| does not exceed between low and high, whatever is known of it in closed form."""
        return self.tail(low, high, 1)

    @final
    def of(self, inner: Enclosure) -> Enclosure:
        """The function of polynomials; their radius is not looked at."""
        inner = inner.polynomial
        low, high = inner.range()
        last = inner.order + MORE
        terms, doubt = self.series(inner.coefficients[0], last)
        return composed(inner, terms, doubt, self.tail(low, high, last + 1))

    @final
    def slope(self, inner: Enclosure) -> Tensor:
        """What |f'| does not exceed anywhere in an enclosure (n, *rest), by its series about the value at s = 0."""
        low, high = inner.range()
        last = MORE
        terms, doubt = self.series(inner.coefficients[0], last)
        reach = up(torch.maximum(high - inner.coefficients[0], inner.coefficients[0] - low))
        total, power = torch.zeros_like(reach), torch.ones_like(reach)
        for number in range(1, last + 1):
            total = total + number * (terms[number].abs() + doubt[number]) * power
            power = power * reach
        total = total + (last + 1) * self.tail(low, high, last + 1) * power
        return torch.minimum(up(total), self.steepest(low, high))

    @final
    def whole(self, inner: Enclosure) -> Enclosure:
        """The function of an enclosure, its radius included."""
        local = self.of(inner)
        grown = torch.where(inner.radius > 0, self.slope(inner) * inner.radius, 0.0)
        return local.of(local.coefficients, up(local.radius + grown))


def doubtful(sizes: Tensor, operations: int) -> Tensor:
    """Doubt about numbers that came from so many operations in a row, none of which saw more than `sizes`."""
    return gamma(operations) * sizes
