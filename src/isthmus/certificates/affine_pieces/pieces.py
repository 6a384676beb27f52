"""Pieces: a tensor that is an affine function of t between knots, and remembers its value at every knot.

It looks like a batch of one input to the network that runs on it. Affine operators act on the values at the knots;
ReLU and its relatives add the knots at which they break (`levels`), max-pooling those at which a winner changes
(`envelope`); `operators` says which operator does what.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from isthmus.certificates.following import Followed, Run


class TooManyKnots(Exception):  # noqa: N818 (a signal to cut the interval, never seen by callers)
    """There are more knots than may be held at once.

    Attributes:
        share: of what there is so far, how much may be held.
    """

    def __init__(self, most: int, count: int) -> None:
        super().__init__(f"{count} knots, of which {most} may be held")
        self.share = most / count


class Summed(NamedTuple):
    """A sum of a run.

    Attributes:
        terms: magnitude of the largest term, over how many times the result it may be in float32.
        left: magnitude of the largest entry of the result.
    """

    terms: float
    left: float


@dataclass(kw_only=True)
class Tracing(Run):
    """One pass of a network over a stretch.

    Attributes:
        most: knots that may be held at once.
        sums: of every sum so far, how large its terms and the result were.
    """

    most: int
    sums: list[Summed] = field(default_factory=list)


class Waiting(NamedTuple):
    """An operator like ReLU, constant below a level and rising above it, that was asked for and has not run yet.

    Max-pooling may go first: the largest of relu(x) is relu of the largest of x, which has far fewer knots.

    Attributes:
        before: what it works on.
        level: where it bends.
        name: which operator it is.
        function: the operator on values at knots.
        finish: the operator on pieces.
    """

    before: Pieces
    level: float
    name: str
    function: Callable[[Tensor], Tensor]
    finish: Callable[[Pieces], Pieces]

    def same_as(self, other: Waiting) -> bool:
        """Whether both are the same operator: the joined results are that operator on what is joined."""
        return (self.name, self.level) == (other.name, other.level)


class Refinement(NamedTuple):
    """Knots and further knots, in one ascending row.

    Attributes:
        knots: all of them (m,).
        old, new: where the ones and the others are in the row.
    """

    knots: Tensor
    old: Tensor
    new: Tensor

    def merged(self, old: Tensor, new: Tensor) -> Tensor:
        """Values at all knots (m, *rest) from those at the old and at the new ones."""
        values = torch.empty(
            (len(self.knots), *old.shape[1:]), dtype=old.dtype, device=old.device, memory_format=layout(old)
        )
        values.index_copy_(0, self.old, old)
        values.index_copy_(0, self.new, new)
        return values


class Pieces(Followed):
    """Numbers (m, *rest) at knots t (m,), affine between them; as a tensor it has the shape (1, *rest).

    Attributes:
        knots: positions t of the knots, in ascending order, in float64.
        numbers: values at the knots.
        run: what it belongs to.
        waiting: the operator that makes it, where that has not run yet; asking for knots or numbers runs it.
    """

    run: Tracing
    waiting: Waiting | None
    _knots: Tensor
    _numbers: Tensor

    @staticmethod
    def __new__(cls, knots: Tensor, numbers: Tensor, run: Tracing, waiting: Waiting | None = None) -> Pieces:
        # Strides that are contiguous in no layout: whether contiguous() copies is then not decided here, but seen.
        shape = (1, *numbers.shape[1:])
        strides = [2]
        for size in shape[:0:-1]:
            strides.insert(0, strides[0] * size)
        made: Pieces = cls.wrapping(shape, numbers.dtype, numbers.device, run, strides)
        made._knots, made._numbers, made.waiting = knots, numbers, waiting
        return made

    def __repr__(self) -> str:  # type: ignore[override]
        return f"Pieces({len(self.knots)} knots, shape {tuple(self.shape[1:])})"

    @property
    def knots(self) -> Tensor:
        return self._settled()._knots

    @property
    def numbers(self) -> Tensor:
        return self._settled()._numbers

    def _settled(self) -> Pieces:
        if self.waiting is not None:
            made = self.waiting.finish(self.waiting.before)
            self._knots, self._numbers, self.waiting = made._knots, made._numbers, None
        return self

    def snapshot(self) -> Pieces:
        """The same function as an object of its own, which no in-place operator changes."""
        return Pieces(self.knots, self.numbers, self.run)

    def wait_for(self, waiting: Waiting) -> Pieces:
        """What an operator that has not run yet will give, of the same shape."""
        return Pieces(waiting.before._knots, waiting.before._numbers, self.run, waiting)

    def with_numbers(self, numbers: Tensor) -> Pieces:
        """Other values at the same knots."""
        return Pieces(self.knots, numbers, self.run)

    def in_type(self, dtype: torch.dtype) -> Pieces:
        """The same in another precision."""
        return self.with_numbers(self.numbers.to(dtype))

    def become(self, other: Pieces) -> Pieces:
        """Takes what another is, as in-place operators do; nobody of the family may be read any more."""
        self._knots, self._numbers, self.waiting = other._knots, other._numbers, other.waiting
        self.outdate()
        return self

    def refinement(self, extra: Tensor) -> Refinement | None:
        """Where further knots go; None where all are there already.

        Raises:
            TooManyKnots: there are more than may be held.
        """
        knots = torch.unique(torch.cat([self.knots, extra]))
        if len(knots) == len(self.knots):
            return None
        if len(knots) > self.run.most:
            raise TooManyKnots(self.run.most, len(knots))
        old = torch.searchsorted(knots, self.knots)
        new = torch.ones(len(knots), dtype=torch.bool, device=knots.device)
        new[old] = False
        return Refinement(knots, old, new.nonzero()[:, 0])

    def on(self, extra: Tensor) -> Pieces:
        """The same function with further knots."""
        return self.mapped(extra, lambda numbers: numbers)

    def mapped(self, extra: Tensor, function: Callable[[Tensor], Tensor], *, known: Tensor | None = None) -> Pieces:
        """A function of the numbers that is affine between the knots and further ones.

        Args:
            extra: the further knots; what is a knot already may be among them.
            function: gives the values at any knots.
            known: the values at the knots that are there, where they are known and were dear.
        """
        there = self.refinement(extra)
        if there is None:
            return self.with_numbers(function(self.numbers) if known is None else known)
        if known is None:
            return Pieces(there.knots, function(between(self.knots, self.numbers, there.knots)), self.run)
        added = function(between(self.knots, self.numbers, there.knots[there.new]))
        return Pieces(there.knots, there.merged(known, added), self.run)


def layout(values: Tensor) -> torch.memory_format:
    """How memory has the axes: images may have their channels last, which makes convolutions faster."""
    last = values.ndim == 4 and not values.is_contiguous() and values.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if last else torch.contiguous_format


def in_rows(values: Tensor) -> Tensor:
    """Values (m, *rest) as (m, n), in the order in which memory has them."""
    ordered = values.permute(0, 2, 3, 1) if layout(values) is torch.channels_last else values
    return ordered.reshape(len(values), math.prod(values.shape[1:]))


def between(knots: Tensor, values: Tensor, t: Tensor) -> Tensor:
    """Values at t (k,) of what is affine between knots (m,) with values (m, *rest)."""
    right = torch.searchsorted(knots, t).clamp(1, len(knots) - 1)
    left = right - 1
    width = knots[right] - knots[left]
    share = torch.where(width > 0, (t - knots[left]) / width.clamp_min(torch.finfo(t.dtype).tiny), 0.0).clamp(0, 1)
    share = share.to(values.dtype)
    # Sums of rows with weights, in one pass over memory: many times as fast as gathering both ends.
    rows = embedding_bag(
        torch.stack([left, right], 1),
        in_rows(values),
        mode="sum",
        per_sample_weights=torch.stack([1 - share, share], 1),
    )
    if layout(values) is torch.contiguous_format:
        return rows.reshape(len(t), *values.shape[1:])
    channels, high, wide = values.shape[1:]
    return rows.reshape(len(t), high, wide, channels).permute(0, 3, 1, 2)


def together(pieces: Sequence[Pieces]) -> list[Pieces]:
    """The same functions on the union of their knots."""
    first = pieces[0]
    if all(each.knots is first.knots for each in pieces):
        return list(pieces)
    t = torch.unique(torch.cat([each.knots for each in pieces]))
    return [each.on(t) for each in pieces]
