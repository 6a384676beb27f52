"""Enclosure: functions of s in [-1, 1], each a polynomial and how far it may be off. Arithmetic on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from isthmus._core.shapes import Coefficients, Radii
from isthmus.certificates.taylor.rounding import gamma, magnitude, up

Bilinear = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Enclosure:
    """Functions z(s) = sum_k a_k s^k +- radius for s in [-1, 1], in float64.

    Attributes:
        coefficients: a (order + 1, n, *rest).
        radius: how far a function may be from its polynomial (n, *rest); infinite where nothing is known.
    """

    coefficients: Coefficients
    radius: Radii

    @staticmethod
    def constant(value: Tensor, order: int) -> Enclosure:
        """Functions that do not depend on s."""
        rest = torch.zeros_like(value).expand(order, *value.shape)
        return Enclosure(torch.cat([value[None], rest]), torch.zeros_like(value))

    @property
    def order(self) -> int:
        """Highest power."""
        return len(self.coefficients) - 1

    @property
    def polynomial(self) -> Enclosure:
        """The polynomials alone."""
        return Enclosure(self.coefficients, torch.zeros_like(self.radius))

    @property
    def size(self) -> Tensor:
        """What the polynomials do not exceed in magnitude."""
        return up(magnitude(self.coefficients), self.order + 1)

    @property
    def variation(self) -> Tensor:
        """How far the polynomials go from their value at s = 0."""
        return up(magnitude(self.coefficients[1:]), self.order)

    def range(self) -> tuple[Tensor, Tensor]:
        """Lowest and highest value (n, *rest). Even powers never go below 0."""
        centre, rest = self.coefficients[0], self.coefficients[1:]
        odd = magnitude(rest[0::2]) + self.radius
        even = rest[1::2]
        low = odd - even.clamp(max=0).sum(0)
        high = odd + even.clamp(min=0).sum(0)
        slack = gamma(2) * (centre.abs() + low + high)
        return centre - up(low, self.order) - slack, centre + up(high, self.order) + slack

    def plus(self, other: Enclosure, sign: float = 1.0) -> Enclosure:
        """The sum, or the difference with sign -1."""
        made = torch.add(self.coefficients, other.coefficients, alpha=sign)
        return Enclosure(made, up(self.radius + other.radius + gamma(1) * magnitude(made)))

    def shifted(self, constant: Tensor | float) -> Enclosure:
        """Plus a constant that broadcasts."""
        first = self.coefficients[:1] + constant
        made = torch.cat([first, self.coefficients[1:].expand(self.order, *first.shape[1:])])
        return Enclosure(made, up(self.radius + gamma(1) * first[0].abs()))

    def scaled(self, constant: Tensor | float, roundings: int = 0) -> Enclosure:
        """Times a constant that broadcasts, and that was itself rounded so many times."""
        made = self.coefficients * constant
        by = constant.abs() if isinstance(constant, Tensor) else abs(constant)
        return Enclosure(made, up(self.radius * by + gamma(1 + roundings) * magnitude(made)))

    def times(self, other: Enclosure, product: Bilinear = torch.mul, terms: int = 1) -> Enclosure:
        """The product; `product` may be any bilinear operator that sums so many terms, as matmul does."""
        ours, theirs, order = self.coefficients, other.coefficients, self.order
        first = product(ours[0], theirs)
        made = first.clone() if product is torch.mul else first
        for power in range(1, order + 1):
            made[power:] += product(ours[power], theirs[: order + 1 - power])
        size, their_size = self.size, other.size
        beyond = _beyond(theirs)
        cut_off = sum(product(ours[power].abs(), beyond[order + 1 - power]) for power in range(1, order + 1))
        radius = product(size, other.radius) + product(self.radius, their_size + other.radius) + cut_off
        rounded = gamma(order + terms + 2) * product(size, their_size)
        return Enclosure(made, up(radius + rounded, 4 * order + terms + 16))

    def mean(self, axis: int) -> Enclosure:
        """The mean along an axis of `coefficients[0]`, which is kept."""
        count = self.radius.shape[axis]
        made = torch.stack([each.mean(axis, keepdim=True) for each in self.coefficients])
        rounded = gamma(count + 2) * self.size.mean(axis, keepdim=True)
        return Enclosure(made, up(self.radius.mean(axis, keepdim=True) + rounded, count + 8))

    def sum(self, axis: int) -> Enclosure:
        """The sum along an axis of `coefficients[0]`, which is kept."""
        count = self.radius.shape[axis]
        made = torch.stack([each.sum(axis, keepdim=True) for each in self.coefficients])
        rounded = gamma(count) * self.size.sum(axis, keepdim=True)
        return Enclosure(made, up(self.radius.sum(axis, keepdim=True) + rounded, count + 8))


def _beyond(coefficients: Tensor) -> Tensor:
    """For each power, the sum of magnitudes of the coefficients from there on."""
    return coefficients.abs().flip(0).cumsum(0).flip(0)


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
    order = inner.order
    u = inner.coefficients[1:]
    variation = inner.variation
    made, radius = _horner(u, series[: order + 1], variation)
    power = torch.ones_like(variation)
    sizes = torch.zeros_like(variation)
    for number, term in enumerate(series):
        if number <= order:
            sizes = sizes + term.abs() * power
        else:
            radius = radius + term.abs() * power
        radius = radius + doubt[number] * power
        power = power * variation
    radius = radius + tail * power + gamma(4 * order + 8) * sizes
    return Enclosure(made, up(radius, 4 * order + 2 * len(series) + 16))


def _horner(u: Tensor, series: Tensor, variation: Tensor) -> tuple[Tensor, Tensor]:
    """Coefficients of sum_j f_j u^j up to the order, where u (order, n, *rest) begins with s^1; and what is cut off."""
    order = len(u)
    made = series[order][None]
    radius = torch.zeros_like(variation)
    beyond = torch.cat([_beyond(u), torch.zeros_like(u[:1])])  # from s^1 on
    for number in range(order - 1, -1, -1):
        degree = order - number  # all that can reach the order: u is still multiplied `number` times
        following = torch.zeros((degree + 1, *series.shape[1:]), dtype=u.dtype, device=u.device)
        following[0] = series[number]
        cut_off = torch.zeros_like(variation)
        for power in range(len(made)):
            following[power + 1 :] += made[power] * u[: degree - power]
            cut_off += made[power].abs() * beyond[degree - power]
        radius = radius * variation + cut_off
        made = following
    return made, radius
