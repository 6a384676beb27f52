"""exp, and what solves a differential equation with products: the sigmoid, tanh, softplus, SiLU.

Bounds of derivatives are Cauchy's: where |f| <= M in the strip |Im z| <= r about the real numbers, |f^(n)| / n! <= M /
r^n there. The sigmoid has its poles at +- i pi, and |sigmoid| <= 1 / sin(r) in the strip for pi / 2 <= r < pi, since
|1 + exp(-x - iy)|^2 = 1 + 2 exp(-x) cos y + exp(-2 x) is smallest at exp(-x) = -cos y, and then sin^2 y.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from isthmus.certificates.taylor.functions.base import Series, Smooth, doubtful
from isthmus.certificates.taylor.rounding import LIBRARY

STRIP = 3.0
CAUCHY = 1.0001 / math.sin(STRIP)  # of the sigmoid


@final
@dataclass(frozen=True)
class Exp(Smooth):
    """exp."""

    def series(self, at: Tensor, last: int) -> Series:
        value = at.exp()
        terms = torch.stack([value / math.factorial(number) for number in range(last + 1)])
        return Series(terms, doubtful(terms, LIBRARY + 1))

    def tail(self, low: Tensor, high: Tensor, order: int) -> Tensor:
        return high.exp() * (1.0001 / math.factorial(order))


@final
@dataclass(frozen=True)
class Sigmoid(Smooth):
    """y = 1 / (1 + exp(-x)), by y' = y - y^2."""

    def series(self, at: Tensor, last: int) -> Series:
        return _riccati(torch.sigmoid(at), last, 1.0, 0.0)

    def tail(self, low: Tensor, high: Tensor, order: int) -> Tensor:
        bound = min(CAUCHY / STRIP**order, 0.25 if order == 1 else math.inf)
        return torch.full_like(low, bound)


@final
@dataclass(frozen=True)
class Tanh(Smooth):
    """y' = 1 - y^2. It is 2 sigmoid(2 x) - 1."""

    def series(self, at: Tensor, last: int) -> Series:
        return _riccati(torch.tanh(at), last, 0.0, 1.0)

    def tail(self, low: Tensor, high: Tensor, order: int) -> Tensor:
        bound = min(2 * CAUCHY / (STRIP / 2) ** order, 1.0 if order == 1 else math.inf)
        return torch.full_like(low, bound)


@final
@dataclass(frozen=True)
class Softplus(Smooth):
    """log(1 + exp(x)), whose derivative is the sigmoid."""

    def series(self, at: Tensor, last: int) -> Series:
        value = torch.logaddexp(at, torch.zeros_like(at))
        slope = Sigmoid().series(at, last - 1)
        over = torch.arange(1, last + 1, dtype=at.dtype, device=at.device).reshape(-1, *(1,) * at.ndim)
        terms = torch.cat([value[None], slope.terms / over])
        doubt = torch.cat([doubtful(value, 3 * LIBRARY)[None], slope.doubt / over + doubtful(terms[1:].abs(), 2)])
        return Series(terms, doubt)

    def tail(self, low: Tensor, high: Tensor, order: int) -> Tensor:
        if order == 1:
            return torch.ones_like(low)
        return Sigmoid().tail(low, high, order - 1) / order


@final
@dataclass(frozen=True)
class Silu(Smooth):
    """x sigmoid(x)."""

    def series(self, at: Tensor, last: int) -> Series:
        return times_x(at, Sigmoid().series(at, last))

    def tail(self, low: Tensor, high: Tensor, order: int) -> Tensor:
        if order == 1:
            return torch.full_like(low, 1.0999)  # its largest, at x = 2.3994
        far = torch.maximum(low.abs(), high.abs())
        return far * Sigmoid().tail(low, high, order) + Sigmoid().tail(low, high, order - 1)


def times_x(at: Tensor, of: Series) -> Series:
    """The series of x f(x)."""
    before = torch.cat([torch.zeros_like(of.terms[:1]), of.terms[:-1]])
    doubt_before = torch.cat([torch.zeros_like(of.doubt[:1]), of.doubt[:-1]])
    terms = at * of.terms + before
    sizes = at.abs() * of.terms.abs() + before.abs()
    return Series(terms, at.abs() * of.doubt + doubt_before + doubtful(sizes, 3))


def _riccati(value: Tensor, last: int, linear: float, free: float) -> Series:
    """Series of what solves y' = free + linear y - y^2, from its value, which is at most 1 in magnitude.

    Doubt: every term is a sum of products of roundings of the value; with all signs positive, the same recurrence says
    how large such sums can be, and a term of power j has at most ROUNDINGS (j + 1)^2 operations behind each product.
    """
    terms, sizes = [value], [value.abs()]
    for number in range(last):
        square = sum(terms[power] * terms[number - power] for power in range(number + 1))
        large = sum(sizes[power] * sizes[number - power] for power in range(number + 1))
        first = free if number == 0 else 0.0
        terms.append((first + linear * terms[number] - square) / (number + 1))
        sizes.append((first + linear * sizes[number] + large) / (number + 1))
    doubt = [doubtful(size, ROUNDINGS * (number + 1) ** 2) for number, size in enumerate(sizes)]
    return Series(torch.stack(terms), torch.stack(doubt))


# K(j), the number of roundings behind a term, is at most max over i of K(i) + K(j - 1 - i), and j + 4 of its own step;
# with K(0) = LIBRARY, K(j) <= LIBRARY (j + 1)^2 by induction.
ROUNDINGS = LIBRARY
