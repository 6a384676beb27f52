"""Pieces: a tensor that is an affine function of t between knots, and remembers its value at every knot.

It looks like a batch of one input to the network that runs on it. Affine operators act on the values at the knots; ReLU
and its relatives add the knots at which they break (`breaking`); `operators` says which operator does what.
"""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from isthmus._geometry import expand_to


class TooManyKnots(Exception):  # noqa: N818 (a signal to cut the interval, never seen by callers)
    """There are more knots than may be held at once."""


@dataclass
class Run:
    """One run of a network on a stretch.

    Attributes:
        most: knots that may be held at once.
        unresolved: places of max-pooling whose knots could not be told apart.
    """

    most: int
    unresolved: int = 0


class Pieces(torch.Tensor):
    """Numbers (m, *rest) at knots t (m,), affine between them; as a tensor it has the shape (1, *rest).

    Attributes:
        knots: positions t of the knots, in ascending order, in float64.
        numbers: values at the knots.
        run: what it belongs to.
        family: all that share memory with it, as views and what they are views of.
        stale: whether an in-place operator has changed another of the family.
    """

    knots: Tensor
    numbers: Tensor
    run: Run
    family: list[weakref.ref[Pieces]]
    stale: bool

    @staticmethod
    def __new__(cls, knots: Tensor, numbers: Tensor, run: Run) -> Pieces:
        made: Pieces = torch.Tensor._make_wrapper_subclass(
            cls, (1, *numbers.shape[1:]), dtype=numbers.dtype, device=numbers.device
        )
        made.knots, made.numbers, made.run = knots, numbers, run
        made.family, made.stale = [weakref.ref(made)], False
        return made

    def __init__(self, knots: Tensor, numbers: Tensor, run: Run) -> None:
        pass

    def __repr__(self) -> str:  # type: ignore[override]
        return f"Pieces({len(self.knots)} knots, shape {tuple(self.numbers.shape[1:])})"

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, function: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        from isthmus.exact.operators import run

        return run(function, args, kwargs or {})

    def with_numbers(self, numbers: Tensor) -> Pieces:
        """Other values at the same knots."""
        return Pieces(self.knots, numbers, self.run)

    def view_of(self, base: Pieces) -> Pieces:
        """The same, known to share memory with another."""
        base.family.append(weakref.ref(self))
        self.family = base.family
        return self

    def become(self, other: Pieces) -> Pieces:
        """Takes knots and numbers of another, as in-place operators do; nobody of the family may be read any more."""
        self.knots, self.numbers = other.knots, other.numbers
        for member in self.family:
            piece = member()
            if piece is not None and piece is not self:
                piece.stale = True
        return self

    def refined(self, knots: Tensor) -> Pieces:
        """The same function with further knots; `knots` must hold all knots that are there already.

        Raises:
            TooManyKnots: there are more than may be held.
        """
        if len(knots) == len(self.knots):
            return self
        if len(knots) > self.run.most:
            raise TooManyKnots
        # Most knots are there already: only the others are computed.
        old = torch.searchsorted(knots, self.knots)
        new = torch.ones(len(knots), dtype=torch.bool, device=knots.device)
        new[old] = False
        numbers = self.numbers.new_empty((len(knots), *self.numbers.shape[1:]))
        numbers.index_copy_(0, old, self.numbers)
        numbers.index_copy_(0, new.nonzero()[:, 0], between(self.knots, self.numbers, knots[new]))
        return Pieces(knots, numbers, self.run)


def between(knots: Tensor, values: Tensor, t: Tensor) -> Tensor:
    """Values at t (k,) of what is affine between knots (m,) with values (m, *rest)."""
    right = torch.searchsorted(knots, t).clamp(1, len(knots) - 1)
    left = right - 1
    width = knots[right] - knots[left]
    share = torch.where(width > 0, (t - knots[left]) / width.clamp_min(torch.finfo(t.dtype).tiny), 0.0).clamp(0, 1)
    share = expand_to(share.to(values.dtype), values)
    return torch.lerp(values[left], values[right], share)


def together(pieces: Sequence[Pieces]) -> list[Pieces]:
    """The same functions on the union of their knots."""
    first = pieces[0]
    if all(each.knots is first.knots for each in pieces):
        return list(pieces)
    t = torch.unique(torch.cat([each.knots for each in pieces]))
    return [each.refined(t) for each in pieces]
