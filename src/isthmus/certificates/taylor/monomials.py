"""Monomials: which powers of one variable, or of several, the coefficients of a polynomial belong to."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import product
from math import comb

import torch
from torch import Tensor


@dataclass(frozen=True)
class Monomials:
    """All monomials up to a total degree, by rising degree: of one variable 1, s, s^2; of two 1, s, r, s^2, s r, r^2.

    Attributes:
        variables: how many there are, each in [-1, 1].
        order: the highest total degree.
    """

    variables: int
    order: int

    @staticmethod
    def among(variables: int, count: int) -> Monomials:
        """The monomials that so many coefficients belong to."""
        return _among(variables, count)

    @cached_property
    def powers(self) -> tuple[tuple[int, ...], ...]:
        """Of every monomial the power of each variable."""
        every = product(range(self.order + 1), repeat=self.variables)
        kept = (powers for powers in every if sum(powers) <= self.order)
        return tuple(sorted(kept, key=lambda powers: (sum(powers), tuple(-power for power in powers))))

    @cached_property
    def degrees(self) -> tuple[int, ...]:
        """Total degree of every monomial."""
        return tuple(map(sum, self.powers))

    def up_to(self, degree: int) -> int:
        """How many monomials have at most that degree; they are the first ones."""
        return comb(min(degree, self.order) + self.variables, self.variables) if degree >= 0 else 0

    @cached_property
    def even(self) -> Tensor:
        """Whether a monomial is even in each variable, and so never negative (count,)."""
        return torch.tensor([all(power % 2 == 0 for power in powers) for powers in self.powers])

    @cached_property
    def _places(self) -> dict[tuple[int, ...], int]:
        return {powers: place for place, powers in enumerate(self.powers)}

    @cached_property
    def products(self) -> tuple[slice | Tensor, ...]:
        """Where the products of a monomial with the first others stand, as far as they are there."""
        if self.variables == 1:
            return tuple(slice(power, None) for power in range(self.order + 1))
        found = []
        for powers, degree in zip(self.powers, self.degrees, strict=True):
            others = self.powers[: self.up_to(self.order - degree)]
            sums = (tuple(map(sum, zip(powers, other, strict=True))) for other in others)
            found.append(torch.tensor([self._places[each] for each in sums]))
        return tuple(found)

    @cached_property
    def roundings(self) -> int:
        """Of additions and products in a row, in Horner's scheme, at most."""
        return sum(self.up_to(degree) for degree in range(1, self.order + 1))


@lru_cache(maxsize=256)
def _among(variables: int, count: int) -> Monomials:
    order = next(order for order in range(count) if comb(order + variables, variables) >= count)
    assert comb(order + variables, variables) == count
    return Monomials(variables, order)
