"""Enclosure: functions on [-1, 1], or on a square, each a polynomial and how far it may be off. Arithmetic on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from isthmus._core.shapes import Coefficients, Radii
from isthmus.certificates.taylor.monomials import Monomials
from isthmus.certificates.taylor.rounding import gamma, magnitude, up

Bilinear = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Enclosure:
    """Functions z(s) = sum_k a_k m_k(s) +- radius in float64, with the monomials m_k of one or several variables s in
    [-1, 1].

    Attributes:
        coefficients: a (count, n, *rest), by rising degree.
        radius: how far a function may be from its polynomial (n, *rest); infinite where nothing is known.
        variables: how many there are.
    """

    coefficients: Coefficients
    radius: Radii
    variables: int = 1

    @staticmethod
    def constant(value: Tensor, count: int, variables: int = 1) -> Enclosure:
        """Functions that do not depend on s, with so many coefficients."""
        rest = torch.zeros_like(value).expand(count - 1, *value.shape)
        return Enclosure(torch.cat([value[None], rest]), torch.zeros_like(value), variables)

    @property
    def monomials(self) -> Monomials:
        """What the coefficients belong to."""
        return Monomials.among(self.variables, len(self.coefficients))

    @property
    def order(self) -> int:
        """Highest degree."""
        return self.monomials.order

    @property
    def polynomial(self) -> Enclosure:
        """The polynomials alone."""
        return self.of(self.coefficients, torch.zeros_like(self.radius))

    @property
    def size(self) -> Tensor:
        """What the polynomials do not exceed in magnitude."""
        return up(magnitude(self.coefficients), len(self.coefficients))

    @property
    def variation(self) -> Tensor:
        """How far the polynomials go from their value at s = 0."""
        return up(magnitude(self.coefficients[1:]), len(self.coefficients) - 1)

    def of(self, coefficients: Coefficients, radius: Radii) -> Enclosure:
        """Others in the same variables."""
        return Enclosure(coefficients, radius, self.variables)

    def range(self) -> tuple[Tensor, Tensor]:
        """Lowest and highest value (n, *rest). What is even in every variable never goes below 0."""
        centre, rest = self.coefficients[0], self.coefficients[1:]
        is_even = self.monomials.even[1:].to(centre.device)
        odd = magnitude(rest[~is_even]) + self.radius
        even = rest[is_even]
        low = odd - even.clamp(max=0).sum(0)
        high = odd + even.clamp(min=0).sum(0)
        slack = gamma(2) * (centre.abs() + low + high)
        return centre - up(low, len(rest)) - slack, centre + up(high, len(rest)) + slack

    def plus(self, other: Enclosure, sign: float = 1.0) -> Enclosure:
        """The sum, or the difference with sign -1."""
        made = torch.add(self.coefficients, other.coefficients, alpha=sign)
        return self.of(made, up(self.radius + other.radius + gamma(1) * magnitude(made)))

    def shifted(self, constant: Tensor | float) -> Enclosure:
        """Plus a constant that broadcasts."""
        first = self.coefficients[:1] + constant
        made = torch.cat([first, self.coefficients[1:].expand(len(self.coefficients) - 1, *first.shape[1:])])
        return self.of(made, up(self.radius + gamma(1) * first[0].abs()))

    def scaled(self, constant: Tensor | float, roundings: int = 0) -> Enclosure:
        """Times a constant that broadcasts, and that was itself rounded so many times."""
        made = self.coefficients * constant
        by = constant.abs() if isinstance(constant, Tensor) else abs(constant)
        return self.of(made, up(self.radius * by + gamma(1 + roundings) * magnitude(made)))

    def times(self, other: Enclosure, product: Bilinear = torch.mul, terms: int = 1) -> Enclosure:
        """The product; `product` may be any bilinear operator that sums so many terms, as matmul does."""
        ours, theirs, monomials = self.coefficients, other.coefficients, self.monomials
        first = product(ours[0], theirs)
        made = first.clone() if product is torch.mul else first
        beyond = _beyond(theirs)
        cut_off: Tensor | int = 0
        for place in range(1, len(ours)):
            reached = monomials.up_to(monomials.order - monomials.degrees[place])
            made[monomials.products[place]] += product(ours[place], theirs[:reached])
            cut_off = cut_off + product(ours[place].abs(), beyond[reached])
        size, their_size = self.size, other.size
        radius = product(size, other.radius) + product(self.radius, their_size + other.radius) + cut_off
        rounded = gamma(len(ours) + terms + 1) * product(size, their_size)
        return self.of(made, up(radius + rounded, 4 * len(ours) + terms + 12))

    def mean(self, axis: int) -> Enclosure:
        """The mean along an axis of `coefficients[0]`, which is kept."""
        count = self.radius.shape[axis]
        made = torch.stack([each.mean(axis, keepdim=True) for each in self.coefficients])
        rounded = gamma(count + 2) * self.size.mean(axis, keepdim=True)
        return self.of(made, up(self.radius.mean(axis, keepdim=True) + rounded, count + 8))

    def sum(self, axis: int) -> Enclosure:
        """The sum along an axis of `coefficients[0]`, which is kept."""
        count = self.radius.shape[axis]
        made = torch.stack([each.sum(axis, keepdim=True) for each in self.coefficients])
        rounded = gamma(count) * self.size.sum(axis, keepdim=True)
        return self.of(made, up(self.radius.sum(axis, keepdim=True) + rounded, count + 8))


def _beyond(coefficients: Tensor) -> Tensor:
    """For each place, the sum of magnitudes of the coefficients from there on; 0 beyond the last."""
    sums = coefficients.abs().flip(0).cumsum(0).flip(0)
    return torch.cat([sums, torch.zeros_like(sums[:1])])


def composed(inner: Enclosure, series: Tensor, doubt: Tensor, tail: Tensor) -> Enclosure:
    """F of polynomials, from the Taylor series of f at their values at s = 0, which may be longer than their order.

    With u the polynomial less its value at s = 0, and V what |u| does not exceed: f is sum_j f_j u^j up to the order,
    by Horner's scheme; powers of s beyond the order go into the radius by magnitudes; so do the terms of the series
    beyond the order, as |f_j| V^j, and the remainder of Lagrange, as tail V^(Q + 1).

    Args:
        inner: the polynomials; their radius is not looked at.
        series: f_j, j = 0 to Q (Q + 1, n, *rest), Q at least the order.
        doubt: how far each may be off (Q + 1, n, *rest).
        tail: what |f^(Q + 1)| / (Q + 1)! does not exceed wherever the polynomials go (n, *rest).
    """
    monomials = inner.monomials
    order = monomials.order
    variation = inner.variation
    made, radius = _horner(inner.coefficients, monomials, series[: order + 1], variation)
    power = torch.ones_like(variation)
    sizes = torch.zeros_like(variation)
    for number, term in enumerate(series):
        if number <= order:
            sizes = sizes + term.abs() * power
        else:
            radius = radius + term.abs() * power
        radius = radius + doubt[number] * power
        power = power * variation
    radius = radius + tail * power + gamma(monomials.roundings + 2 * order + 8) * sizes
    return inner.of(made, up(radius, monomials.roundings + 2 * order + 2 * len(series) + 16))


def _horner(coefficients: Tensor, monomials: Monomials, series: Tensor, variation: Tensor) -> tuple[Tensor, Tensor]:
    """Coefficients of sum_j f_j u^j up to the order, where u are polynomials less their first coefficient; and what is
    cut off.
    """
    order = monomials.order
    u = coefficients[1:]
    made = series[order][None]
    radius = torch.zeros_like(variation)
    beyond = _beyond(u)
    for number in range(order - 1, -1, -1):
        degree = order - number  # all that can reach the order: u is still multiplied `number` times
        following = torch.zeros((monomials.up_to(degree), *series.shape[1:]), dtype=u.dtype, device=u.device)
        following[0] = series[number]
        cut_off = torch.zeros_like(variation)
        for place in range(len(made)):
            reached = monomials.up_to(degree - monomials.degrees[place]) - 1  # of u, whose first place is 1
            following[_after_first(monomials.products[place], reached)] += made[place] * u[:reached]
            cut_off += made[place].abs() * beyond[reached]
        radius = radius * variation + cut_off
        made = following
    return made, radius


def _after_first(places: slice | Tensor, count: int) -> slice | Tensor:
    """So many places after the first of these."""
    return slice(places.start + 1, places.start + 1 + count) if isinstance(places, slice) else places[1 : count + 1]
