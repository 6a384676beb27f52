"""as_kept: whether a path stays low where its inputs are rounded to what files hold: texts, rows, 8-bit images."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import final

import torch

from isthmus._core.shapes import Losses, Parameters
from isthmus.connecting.columns import Column
from isthmus.connecting.connection import Connection
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape

POINTS = 101
OUTSIDE = 2e-3  # in units of the data: levels of 8 bits are coarser


class KeptOutcome(Enum):
    """What rounding does to a path."""

    CONNECTED = "connected, and still when rounded"
    LOST = "connected, but not when rounded"
    NOT_CONNECTED = "not connected"

    def __str__(self) -> str:
        return self.value


@final
@dataclass(frozen=True, eq=False, kw_only=True)
class Kept:
    """A path whose inputs were rounded to the nearest that a file holds.

    Rounded, a path is a row of steps from one input to the next. The losses are those at the points that were looked
    at, and nothing is shown of what lies between these.

    Attributes:
        t: the points (m,).
        loss: loss of the rounded input at each (m,).
        inputs: how many different inputs they are.
        outside: how many of these lie outside the domain, such as rows whose sum no whole numbers have: a path through
            such is not connected.
        threshold: the pair's.
        outcome: whether the path stays at or below the threshold with and without rounding.
        kept_as: what the inputs were rounded to, in words.
        space: where the path was found, in words.
    """

    t: Parameters
    loss: Losses
    inputs: int
    outside: int
    threshold: float
    outcome: KeptOutcome
    kept_as: str
    space: str

    @property
    def max_loss(self) -> float:
        """Highest loss of the rounded inputs."""
        return float(self.loss.max())

    def __repr__(self) -> str:
        return f"Kept({self}; max loss {self.max_loss:.4g} at {self.inputs} inputs)"

    def __str__(self) -> str:
        words = {
            KeptOutcome.CONNECTED: f"connected through {self.kept_as}",
            KeptOutcome.LOST: f"connected in the {self.space}, not through {self.kept_as}"
            + (f" ({self.outside} of {self.inputs} lie outside the domain)" if self.outside else ""),
            KeptOutcome.NOT_CONNECTED: "not connected",
        }
        return words[self.outcome]


def as_kept(landscape: AbstractLandscape, found: Sequence[Connection], *, points: int = POINTS) -> tuple[Kept, ...]:
    """Rounds the inputs along paths and looks at their losses.

    Args:
        landscape: on which the paths were found.
        found: the pairs; each costs as many forward-equivalents as there are different inputs among its points.
        points: of each path, evenly spaced, with both ends and the corners of polylines.

    Raises:
        InputError: fewer than 2 points, or a kind of inputs of which it is not known how they are rounded.
    """
    if points < 2:
        raise InputError(f"as_kept needs at least 2 points, got {points}.")
    with landscape.fixed():
        return tuple(_kept(landscape, pair, points) for pair in found)


def _kept(landscape: AbstractLandscape, pair: Connection, points: int) -> Kept:
    kind = pair.drawn_as if landscape.input_kind is None else landscape.input_kind
    even = torch.linspace(0, 1, points, dtype=torch.float64)
    t = torch.unique(torch.cat([even, pair.path.corners.double()]))
    x = pair.path.at(t)
    rounded = kind.nearest(x)
    if rounded is None:
        raise InputError(f"{kind.many.capitalize()} of this kind are not rounded: a file holds every one of them.")
    rounded[[0, -1]] = x[[0, -1]]  # the ends are inputs already
    different, place = torch.unique(rounded.flatten(1), dim=0, return_inverse=True)
    target = torch.full((len(different),), pair.target)
    loss = landscape.evaluate(different.reshape(-1, *x.shape[1:]), target, validated=True).loss.double().cpu()[place]
    # Where no row has the sum that is given, rounding leads out of the domain: that is no input.
    outside = landscape.domain.excess(landscape.prepare(different.reshape(-1, *x.shape[1:]))).cpu() > OUTSIDE
    low = bool(loss.max() <= pair.threshold) and not bool(outside.any())
    outcome = KeptOutcome.NOT_CONNECTED
    if pair.connected:
        outcome = KeptOutcome.CONNECTED if low else KeptOutcome.LOST
    return Kept(
        t=t,
        loss=loss,
        inputs=len(different),
        outside=int(outside.sum()),
        threshold=pair.threshold,
        outcome=outcome,
        kept_as=kind.kept_as,
        space=kind.space,
    )


def kept_columns(kept: Sequence[Kept], found: Sequence[Connection]) -> tuple[Column, ...]:
    """Columns that say of each of some pairs what rounding does to its path."""
    of = {id(pair): each for pair, each in zip(found, kept, strict=True)}
    return (
        Column(
            name="kept_max_loss",
            type="float64",
            meaning="highest loss along the path found when its inputs are rounded to what files hold",
            read=lambda pair: of[id(pair)].max_loss,
        ),
        Column(
            name="kept",
            type="string",
            meaning="what rounding does to the path found",
            read=lambda pair: str(of[id(pair)]),
        ),
    )
