"""What is made of the density of the normal distribution phi: its distribution function Phi, GELU, and erf.

phi' = -x phi gives their series. Cramer's inequality bounds their derivatives: |He_n(x)| exp(-x^2 / 4) <= K sqrt(n!)
with K = 1.0865 (Abramowitz and Stegun 22.14.17), and phi^(n) = (-1)^n He_n phi.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from isthmus.certificates.taylor.functions.base import Series, Smooth, doubtful
from isthmus.certificates.taylor.functions.sigmoid import times_x
from isthmus.certificates.taylor.rounding import LIBRARY

CRAMER = 1.0866 / math.sqrt(2 * math.pi)
FARTHEST = 0.8579  # |x| exp(-x^2 / 4) is at most sqrt(2 / e)


@final
@dataclass(frozen=True)
class Normal(Smooth):
    """Phi(x) = (1 + erf(x / sqrt 2)) / 2."""

    def series(self, at: Tensor, last: int) -> Series:
        value = 0.5 * torch.erfc(-at / math.sqrt(2))
        density = torch.exp(-0.5 * at * at) / math.sqrt(2 * math.pi)
        terms, sizes = [density], [density]  # phi^(j) / j!, and the same with all signs positive
        for number in range(1, last):
            before, larger = (terms[number - 2], sizes[number - 2]) if number > 1 else (0.0, 0.0)
            terms.append(-(at * terms[-1] + before) / number)
            sizes.append((at.abs() * sizes[-1] + larger) / number)
        # exp of a rounded square is off by as many units as the square is large.
        first = LIBRARY * (3 + at * at)
        doubts = [doubtful(value, 1) * (LIBRARY * (3 + at * at))]
        doubts += [doubtful(size, 1) * (first + 6 * number) / number for number, size in enumerate(sizes, start=1)]
        return Series(
            torch.stack([value, *(term / number for number, term in enumerate(terms, start=1))]), torch.stack(doubts)
        )

    def tail(self, low: Tensor, high: Tensor, order: int) -> Tensor:
        if order == 1:
            return torch.full_like(low, 0.39895)
        return torch.full_like(low, CRAMER * math.sqrt(math.factorial(order - 1)) / math.factorial(order))


@final
@dataclass(frozen=True)
class Gelu(Smooth):
    """x Phi(x)."""

    def series(self, at: Tensor, last: int) -> Series:
        return times_x(at, Normal().series(at, last))

    def tail(self, low: Tensor, high: Tensor, order: int) -> Tensor:
        """X phi^(order - 1) + order phi^(order - 2), over order!."""
        if order == 1:
            return torch.full_like(low, 1.1290)  # its largest, at x = sqrt 2
        here = FARTHEST * math.sqrt(math.factorial(order - 1)) + order * math.sqrt(math.factorial(order - 2))
        return torch.full_like(low, CRAMER * here / math.factorial(order))


@final
@dataclass(frozen=True)
class Erf(Smooth):
    """erf(x) = 2 Phi(sqrt(2) x) - 1."""

    def series(self, at: Tensor, last: int) -> Series:
        of = Normal().series(at * math.sqrt(2), last + 1)
        scale = torch.tensor([2 * math.sqrt(2) ** number for number in range(last + 2)], dtype=at.dtype)
        scale = scale.to(at.device).reshape(-1, *(1,) * at.ndim)
        terms = of.terms * scale
        # The rounding of sqrt(2) x moves a term by the next one, times as much.
        moved = doubtful((last + 1) * terms[1:].abs() * at.abs(), 4)
        doubt = of.doubt[:-1] * scale[:-1] + doubtful(terms[:-1].abs(), 8) + moved
        terms[0] = torch.erf(at)
        doubt[0] = doubtful(terms[0].abs(), LIBRARY)
        return Series(terms[:-1], doubt)

    def tail(self, low: Tensor, high: Tensor, order: int) -> Tensor:
        return 2 * math.sqrt(2) ** order * Normal().tail(low, high, order) * 1.0001
