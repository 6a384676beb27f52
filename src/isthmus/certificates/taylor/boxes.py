"""Boxes: intervals of the pieces of a path, or cells of the patches of a surface, while they are looked at."""

from __future__ import annotations

from dataclasses import dataclass, fields
from itertools import product
from typing import TypeVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from isthmus._core.batching import is_out_of_memory

T = TypeVar("T", float, Tensor)


@dataclass(frozen=True, eq=False)
class Boxes:
    """Boxes in [0, 1]^d, each of a piece.

    Attributes:
        number: of the piece (n,).
        low, high: corners of each (n, d).
        before: radius of the logits on the wider box that it was cut from (n,); infinite where there was none.
    """

    number: Int[Tensor, " n"]
    low: Float[Tensor, "n d"]
    high: Float[Tensor, "n d"]
    before: Float[Tensor, " n"]

    @staticmethod
    def whole(pieces: int, variables: int, each: int) -> Boxes:
        """So many pieces, every side of which is cut into `each`."""
        every = torch.arange(pieces)
        low, high = torch.zeros(pieces, variables).double(), torch.ones(pieces, variables).double()
        nothing = torch.full((pieces,), torch.inf, dtype=torch.float64)
        return Boxes(every, low, high, nothing).cut(torch.full((pieces,), each))

    def __len__(self) -> int:
        return len(self.number)

    def __getitem__(self, rows: Tensor | slice) -> Boxes:
        return Boxes(self.number[rows], self.low[rows], self.high[rows], self.before[rows])

    @staticmethod
    def joined(parts: list[Boxes]) -> Boxes:
        """All of them, in order."""
        names = [field.name for field in fields(Boxes)]
        return Boxes(**{name: torch.cat([getattr(part, name) for part in parts]) for name in names})

    @property
    def middle(self) -> Float[Tensor, "n d"]:
        """The point in the middle of each."""
        return (self.low + self.high) / 2

    @property
    def width(self) -> Float[Tensor, " n"]:
        """The longest side of each."""
        return (self.high - self.low).amax(1)

    @property
    def volume(self) -> float:
        """Length, or area, of all of them together."""
        return float((self.high - self.low).prod(1).sum())

    def about_middle(self, width: float) -> Boxes:
        """Others about the same middles, with sides of that length."""
        return Boxes(self.number, self.middle - width / 2, self.middle + width / 2, self.before)

    def cut(self, counts: Int[Tensor, " n"]) -> Boxes:
        """Every side of each cut into so many equal parts, which share their edges."""
        low: list[tuple[float, ...]] = []
        high: list[tuple[float, ...]] = []
        rows: list[int] = []
        for row, (begin, end, count) in enumerate(
            zip(self.low.tolist(), self.high.tolist(), counts.tolist(), strict=True)
        ):
            sides = [_edges(*side, count) for side in zip(begin, end, strict=True)]
            low += product(*(side[:-1] for side in sides))
            high += product(*(side[1:] for side in sides))
            rows += [row] * (len(low) - len(rows))
        from_row = torch.tensor(rows, dtype=torch.long)
        corners = [
            torch.tensor(each, dtype=torch.float64).reshape(len(rows), self.low.shape[1]) for each in (low, high)
        ]
        return Boxes(self.number[from_row], corners[0], corners[1], self.before[from_row])


def halves(boxes: Boxes, error: BaseException) -> list[Boxes]:
    """Both halves of some boxes for which memory did not suffice.

    Raises:
        BaseException: the error itself, where it was another, or there is only one box.
    """
    if len(boxes) == 1 or not is_out_of_memory(error):
        raise error
    size = max(1, len(boxes) // 2)
    return [boxes[first : first + size] for first in range(0, len(boxes), size)]


def wider(half: T) -> T:
    """Half the width of a box, so much wider that there is no gap to its neighbours, however middles are rounded."""
    return half * (1 + 1e-15) + 2.0**-52


def _edges(begin: float, end: float, count: int) -> list[float]:
    edges: list[float] = torch.linspace(begin, end, count + 1, dtype=torch.float64).tolist()
    return [begin, *edges[1:-1], end]
