"""Integrals of a gradient along a path, with a bound on how far each number of them is off.

On an interval a path is polynomials x(s), and the gradient along it polynomials and remainders: so is their product
with dx/ds, whose integral is a sum. Intervals are cut until what all remainders may add up to is little enough.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
from torch import Tensor

from isthmus._core.shapes import Input, Inputs
from isthmus.certificates.taylor.boxes import Boxes, halves, wider
from isthmus.certificates.taylor.rounding import gamma, magnitude, up
from isthmus.certificates.taylor.slopes import Slopes
from isthmus.certificates.taylor.walk import Piece, Walk, stretches

FIRST = 4  # intervals that are tried at first, of all pieces together
ORDER = 9  # of the polynomials
PASSES = 3  # forward-equivalents of a gradient
STUCK = 0.4  # of the bound of an interval: halves that have as much each are cut in vain, rounding is all of it
NARROWEST = 1e-6  # of a piece


class ProvenIntegral(NamedTuple):
    """An integral of a gradient along a path.

    Attributes:
        values: by number of the input (*input).
        error_bound: how far each may be off (*input); infinite where nothing is known.
        gradients: forward-equivalents, as gradients.
        parts: intervals.
        subject_to: what the bound rests on, in words.
    """

    values: Input
    error_bound: Input
    gradients: int
    parts: int
    subject_to: str


@dataclass(frozen=True, eq=False)
class _Done:
    """What is known of one interval: its box, with the sum of its bounds; its values and their bounds; and whether
    it has as much of them as what it was cut from.
    """

    box: Boxes
    values: Tensor
    bound: Tensor
    stuck: bool

    @property
    def vain(self) -> bool:
        """Whether it would be cut in vain."""
        return self.stuck or float(self.box.width[0]) < NARROWEST

    @property
    def doubt(self) -> float:
        """Sum of what its numbers may be off by."""
        return float(self.box.before[0])


class Integration:
    """The integral along one path, while intervals are cut.

    Attributes:
        looked: intervals so far.
        done: those that are not cut further, as far as is known.
    """

    def __init__(
        self, slopes: Slopes, walk: Walk, order: int, most: int, tell: Callable[[int], None] | None = None
    ) -> None:
        self.slopes, self.walk, self.order, self.most, self.tell = slopes, walk, order, most, tell
        one = walk.middles(Boxes.whole(1, 1, 1))[0]
        self.at_once = max(1, slopes.landscape.batch_size_for(one) // (2 * (order + 2)))
        self.rates = [_rate(piece) for piece in walk.pieces]
        self.looked = 0
        self.done: list[_Done] = []

    @property
    def cost(self) -> int:
        """Forward-equivalents: of each coefficient, and of the remainder, as much as a gradient."""
        return PASSES * (self.order + 2) * self.looked

    def run(self, tolerance: float) -> None:
        """Cuts intervals, the worst first, until all bounds add up to no more than the tolerance, or that is all that
        can be had.
        """
        ahead = Boxes.whole(len(self.walk), 1, max(1, round(FIRST / len(self.walk))))
        while True:
            for first in range(0, len(ahead), self.at_once):
                self.done += self.look(ahead[first : first + self.at_once])
                if self.tell is not None:
                    self.tell(self.cost)
            chosen = self.worst(tolerance)
            if not chosen:
                return
            ahead = Boxes.joined([each.box.cut(torch.tensor([2])) for each in chosen])

    def worst(self, tolerance: float) -> list[_Done]:
        """The intervals that are to be cut next, which are taken out of those that are done: the worst, down to where
        the others together are little enough.
        """
        self.done.sort(key=lambda each: -each.doubt)
        vain = sum(each.doubt for each in self.done if each.vain)
        if math.isinf(vain) or sum(each.doubt for each in self.done) <= tolerance:
            return []
        enough = max(tolerance / 2, vain)
        rest = sum(each.doubt for each in self.done if math.isfinite(each.doubt))
        chosen: list[_Done] = []
        for each in self.done:
            if (rest <= enough and math.isfinite(each.doubt)) or self.looked + 2 * (len(chosen) + 1) > self.most:
                break
            if not each.vain:
                chosen.append(each)
                rest -= each.doubt if math.isfinite(each.doubt) else 0.0
        taken = set(map(id, chosen))
        self.done = [each for each in self.done if id(each) not in taken]
        return chosen

    def look(self, boxes: Boxes) -> list[_Done]:
        """What is known of some intervals."""
        try:
            values, bound = self.over(boxes)
        except (RuntimeError, MemoryError) as error:
            parts = halves(boxes, error)
            self.at_once = len(parts[0])
            return [each for part in parts for each in self.look(part)]
        self.looked += len(boxes)
        doubts = bound.flatten(1).sum(1).cpu()
        stuck = (doubts > STUCK * boxes.before) & doubts.isfinite()
        known = replace(boxes, before=doubts)
        return [_Done(known[row : row + 1], values[row], bound[row], bool(stuck[row])) for row in range(len(boxes))]

    def over(self, boxes: Boxes) -> tuple[Inputs, Inputs]:
        """Integrals over some intervals (n, *input), and how far each number may be off."""
        # Programs are made for a number of inputs: of few different ones.
        size = 1 << (len(boxes) - 1).bit_length()
        rows = torch.arange(size).clamp_max(len(boxes) - 1)
        padded = boxes[rows]
        inputs = self.walk.inputs(padded, self.order)
        slopes = self.slopes.enclosed(inputs)
        low, high = padded.low[:, 0], padded.high[:, 0]
        along = slopes.times(stretches(self.rates, padded.number, low, high, self.order))
        half = wider((high - low) / 2).to(along.radius).reshape(-1, *(1,) * (along.radius.ndim - 1))
        powers = torch.arange(0, self.order + 1, 2).to(along.radius)
        even = along.coefficients[::2] * (2 / (powers + 1)).reshape(-1, *(1,) * along.radius.ndim)
        values = half * even.sum(0)
        # Middles and halves are rounded: intervals overlap their neighbours by less than that.
        overlap = 2.0**-50 * up(along.size + along.radius)
        rounded = gamma(len(powers) + 6) * half * up(magnitude(even), len(powers))
        bound = up(2 * half * along.radius + overlap + rounded)
        return values[: len(boxes)], bound[: len(boxes)].nan_to_num(nan=torch.inf, posinf=torch.inf)

    def total(self) -> tuple[Tensor, Tensor]:
        """Values and bounds (*input) of all intervals together."""
        values, bounds = (torch.stack([getattr(each, name) for each in self.done]) for name in ("values", "bound"))
        count = len(values)
        return values.sum(0), up(bounds.sum(0) + gamma(count) * values.abs().sum(0), count + 8)


def _rate(piece: Piece) -> Piece:
    """The derivative of a piece by u: a curve of one degree less, between differences of control points."""
    degree = len(piece.points) - 1
    return Piece(degree * piece.points.diff(dim=0), piece.position)
