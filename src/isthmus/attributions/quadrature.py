"""Quadrature: the integral of a gradient along the pieces of a path.

How far it is off is known for nothing: what the gradients of an output along an interval add up to is the difference of
the output at its ends. Nodes are halved again and again, so that none is lost. Where the gradient is smooth, Romberg's
extrapolation makes the error fall with each halving by orders of magnitude. Where it jumps, as with ReLU, no order
helps: intervals are cut where it is bent most, and each is taken by Simpson's rule or by the trapezoid's, whichever is
nearer over all of them. Where few gradients may be had, all of them are spread over the whole path at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from isthmus._core.shapes import Inputs, Vertices
from isthmus.attributions.curve import at, velocity

FEW = 60  # gradients a piece with which no rule that looks twice does better than one that looks once
FIRST, SHORT = 3, 5  # halvings of a piece at first, and those after which it is cut where it is not smooth
FALLS = 30.0  # times, or more, with a halving: the gradient is smooth
NARROWEST = 1e-6  # of a piece
FEWEST, SHARE = 8, 0.25  # intervals that are cut at a time, and as a share of all
AT_ONCE = 256  # inputs that are made together
RULES = ((1 / 6, 4 / 6, 1 / 6), (1 / 4, 2 / 4, 1 / 4))  # Simpson's, and twice the trapezoid's
Slopes = Callable[[Inputs], tuple[Tensor, Tensor]]  # outputs (m,) and their gradients (m, *input)


@dataclass(frozen=True, eq=False)
class Integral:
    """An integral over some intervals.

    Attributes:
        values: by number of the input (*input).
        gradients, parts: how many.
    """

    values: Tensor
    gradients: int
    parts: int


@dataclass(frozen=True, eq=False)
class _Node:
    """A place u on a piece: the output there, and its gradient times dx/du (*input)."""

    u: float
    output: float
    rate: Tensor

    @cached_property
    def total(self) -> float:
        """Of all numbers together."""
        return float(self.rate.sum())


@dataclass(frozen=True, eq=False)
class _Interval:
    """A part of a piece, by number, with its begin, middle and end."""

    number: int
    nodes: tuple[_Node, _Node, _Node]

    @property
    def width(self) -> float:
        """Of the part, as a share of the piece."""
        return self.nodes[2].u - self.nodes[0].u

    def values(self, rule: int) -> Tensor:
        """The integral over it."""
        begin, middle, end = (weight * node.rate for weight, node in zip(RULES[rule], self.nodes, strict=True))
        return self.width * (begin + middle + end)

    @cached_property
    def errors(self) -> tuple[float, ...]:
        """How far, by each rule, the sum of its values is from the difference of the output at its ends."""
        change = self.nodes[2].output - self.nodes[0].output
        sums = (sum(weight * node.total for weight, node in zip(rule, self.nodes, strict=True)) for rule in RULES)
        return tuple(abs(self.width * total - change) for total in sums)

    @cached_property
    def bend(self) -> float:
        """How far the middle is from a straight line between the ends, all numbers together, times the width: where it
        jumps, and where it curves. Sums may be right by chance; this is not.
        """
        begin, middle, end = (node.rate for node in self.nodes)
        return self.width * float((begin - 2 * middle + end).abs().sum())

    def halves(self, first: _Node, second: _Node) -> tuple[_Interval, _Interval]:
        """Both, with the nodes in their middles."""
        begin, middle, end = self.nodes
        return _Interval(self.number, (begin, first, middle)), _Interval(self.number, (middle, second, end))


def integrated(pieces: list[Vertices], slope: Slopes, tolerance: float, most: int) -> Integral:
    """The integral of the gradient along pieces of a path.

    Args:
        pieces: control points of each.
        slope: of an output at inputs (m, *input), in float64: itself (m,), and its gradient.
        tolerance: how far sum and difference may be apart, over all intervals.
        most: gradients.
    """
    affordable = max(1, most // len(pieces))
    if affordable < FEW:
        return _at_once(pieces, slope, affordable)
    halvings, before = FIRST, float("inf")
    nodes = [_nodes(points, _even(2**halvings), slope) for points in pieces]
    coarse, _ = _extrapolated([each[::2] for each in nodes], halvings - 1)
    while True:
        found, error = _extrapolated(nodes, halvings)
        # A sum may be right by chance, or by symmetry, before its numbers are: these must have come to rest as well.
        moved = float((found - coarse).abs().sum())
        settled = error <= tolerance and moved <= FALLS * tolerance
        smooth = halvings < SHORT or max(error, moved) <= before / FALLS
        if not smooth and not settled:
            return _cut(pieces, nodes, slope, tolerance, most)
        if settled or 2 ** (halvings + 1) + 1 > affordable:
            return Integral(found, len(pieces) * len(nodes[0]), len(pieces))
        nodes = [_between(points, old, slope) for points, old in zip(pieces, nodes, strict=True)]
        halvings, before, coarse = halvings + 1, max(error, moved), found


def _at_once(pieces: list[Vertices], slope: Slopes, count: int) -> Integral:
    """By so many nodes of Gauss and Legendre on each piece."""
    places, weights = (torch.from_numpy(each) / 2 for each in np.polynomial.legendre.leggauss(count))
    total = torch.zeros_like(pieces[0][0])
    for points in pieces:
        rates = torch.stack([node.rate for node in _nodes(points, places + 0.5, slope)])
        total = total + torch.tensordot(weights.to(rates), rates, dims=1)
    return Integral(total, count * len(pieces), len(pieces))


def _even(intervals: int) -> Tensor:
    return torch.linspace(0, 1, intervals + 1, dtype=torch.float64)


def _between(points: Vertices, old: list[_Node], slope: Slopes) -> list[_Node]:
    """With a node in the middle of every two."""
    u = torch.tensor([(one.u + other.u) / 2 for one, other in pairwise(old)], dtype=torch.float64)
    new = _nodes(points, u, slope)
    return [*(each for both in zip(old, new, strict=False) for each in both), old[-1]]


def _extrapolated(nodes: list[list[_Node]], halvings: int) -> tuple[Tensor, float]:
    """Romberg's rule on each piece; and how far the sums are off, over all of them."""
    weights = _romberg(halvings)
    total, error = torch.zeros_like(nodes[0][0].rate), 0.0
    for each in nodes:
        for weight, node in zip(weights, each, strict=True):
            total = total + weight * node.rate
        found = sum(weight * node.total for weight, node in zip(weights, each, strict=True))
        error += abs(found - (each[-1].output - each[0].output))
    return total, error


def _romberg(halvings: int) -> list[float]:
    """Weights of 2^halvings + 1 even nodes: the trapezoid's rule with 1, 2, 4, ... intervals, extrapolated."""
    rows = []
    for level in range(halvings + 1):
        step = 2 ** (halvings - level)
        row = np.zeros(2**halvings + 1)
        row[::step] = step / 2**halvings
        row[0] = row[-1] = step / 2**halvings / 2
        rows.append(row)
    for order in range(1, halvings + 1):
        rows = [fine + (fine - coarse) / (4**order - 1) for coarse, fine in pairwise(rows)]
    found: list[float] = rows[0].tolist()
    return found


def _cut(pieces: list[Vertices], nodes: list[list[_Node]], slope: Slopes, tolerance: float, most: int) -> Integral:
    """Intervals are halved, the most bent first; each is taken by the rule that is nearer over all of them."""
    gradients = sum(map(len, nodes))
    intervals = [
        _Interval(number, (each[k], each[k + 1], each[k + 2]))
        for number, each in enumerate(nodes)
        for k in range(0, len(each) - 1, 2)
    ]
    while True:
        rule = min(range(len(RULES)), key=lambda rule: sum(each.errors[rule] ** 2 for each in intervals))
        chosen = _worst(intervals, rule, tolerance, (most - gradients) // 2)
        if not chosen:
            break
        gradients += 2 * len(chosen)
        for number in sorted({each.number for each in chosen}):
            mine = [each for each in chosen if each.number == number]
            quarters = [(one.u + other.u) / 2 for each in mine for one, other in pairwise(each.nodes)]
            new = _nodes(pieces[number], torch.tensor(quarters, dtype=torch.float64), slope)
            intervals += [half for k, each in enumerate(mine) for half in each.halves(new[2 * k], new[2 * k + 1])]
    total = torch.zeros_like(pieces[0][0])
    for each in intervals:
        total = total + each.values(rule)
    return Integral(total, gradients, len(intervals))


def _nodes(points: Vertices, u: Tensor, slope: Slopes) -> list[_Node]:
    made = []
    for some in torch.split(u, AT_ONCE):
        outputs, gradients = slope(at(points, some))
        made += list(map(_Node, some.tolist(), outputs.tolist(), gradients * velocity(points, some)))
    return made


def _worst(intervals: list[_Interval], rule: int, tolerance: float, affordable: int) -> list[_Interval]:
    """The intervals that are to be cut next, which are taken out: those of the largest bends, unless the sums are near
    enough. Their errors have either sign, so it is their squares that add up.
    """
    if sum(each.errors[rule] ** 2 for each in intervals) <= (tolerance / 2) ** 2:
        return []
    intervals.sort(key=lambda each: -each.bend)
    count = min(max(FEWEST, round(SHARE * len(intervals))), affordable)
    chosen = [each for each in intervals if each.width >= NARROWEST][: max(0, count)]
    taken = set(map(id, chosen))
    intervals[:] = [each for each in intervals if id(each) not in taken]
    return chosen
