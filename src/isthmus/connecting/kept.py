"""as_kept: whether a path stays low where its inputs are rounded to what files hold: texts, rows, 8-bit images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from isthmus._core.annotated import as_annotated
from isthmus._core.shapes import Losses, Parameters
from isthmus.connecting.columns import Column, measured_column
from isthmus.connecting.connection import Connection
from isthmus.connecting.measuring import Measurement
from isthmus.errors import InputError
from isthmus.inputs.kinds import InputKind
from isthmus.landscapes import AbstractLandscape

POINTS = 101
HIGHEST = 8  # points between corners at which inputs are looked at that rounding hardly moves
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


@as_annotated
def as_kept(
    landscape: AbstractLandscape, found: Sequence[Connection], *, points: int | None = None
) -> tuple[Kept, ...]:
    """Rounds the inputs along paths and looks at their losses.

    Args:
        landscape: on which the paths were found.
        found: the pairs; each costs as many forward-equivalents as there are different inputs among its points.
        points: of each path, evenly spaced, with both ends and the corners of polylines. By default 101 where most
            points are far from any input that a file holds (texts, rows); where rounding moves them by a level at most
            (images, sound), the ends, the corners, and the 8 points of the path where its loss was seen to be highest.

    Raises:
        InputError: fewer than 2 points, or a kind of inputs of which it is not known how they are rounded.
    """
    if points is not None and points < 2:
        raise InputError(f"as_kept needs at least 2 points, got {points}.")
    with landscape.fixed():
        return tuple(_kept(landscape, pair, points) for pair in found)


def is_kept(landscape: AbstractLandscape, pair: Connection) -> bool:
    """Whether it is known how inputs like those of a pair are rounded."""
    return kind_of(landscape, pair).nearest(pair.path.ends) is not None


def kind_of(landscape: AbstractLandscape, pair: Connection) -> InputKind:
    """What the inputs of a pair are taken for: the landscape's kind, or the one that is likely."""
    return pair.drawn_as if landscape.input_kind is None else landscape.input_kind


def _places(pair: Connection, kind: InputKind, points: int | None) -> Parameters:
    """Where a path is looked at: positions in order, its corners among them."""
    if points is None and not kind.discrete:
        between = pair.profile.t[_peaks(pair.profile.loss)].double()
    else:
        between = torch.linspace(0, 1, points or POINTS, dtype=torch.float64)
    places: Parameters = torch.unique(torch.cat([pair.path.corners.double(), between]))
    return places


def _peaks(loss: Losses) -> Tensor:
    """Numbers of the highest points: first those that no neighbour exceeds, so that they lie on several peaks."""
    around = torch.nn.functional.pad(loss.double().nan_to_num(torch.inf), (1, 1), value=-torch.inf)
    peak = (around[1:-1] >= around[:-2]) & (around[1:-1] >= around[2:])
    order = torch.from_numpy(np.lexsort((-around[1:-1].numpy(), ~peak.numpy())))
    return order[:HIGHEST]


def _kept(landscape: AbstractLandscape, pair: Connection, points: int | None) -> Kept:
    kind = kind_of(landscape, pair)
    t = _places(pair, kind, points)
    x = pair.path.at(t)
    rounded = kind.nearest(x)
    if rounded is None:
        raise InputError(f"{kind.many.capitalize()} of this kind are not rounded: a file holds every one of them.")
    rounded[[0, -1]] = x[[0, -1]]  # the ends are inputs already
    different, place = torch.unique(rounded.flatten(1), dim=0, return_inverse=True)
    target = torch.full((len(different),), pair.target)
    seen = different.reshape(-1, *x.shape[1:])
    loss = landscape.evaluate(seen, target, validated=True).loss.double().cpu()[place]
    # Where no row has the sum that is given, rounding leads out of the domain: that is no input.
    outside = landscape.domain.excess(landscape.prepare(seen)).cpu() > OUTSIDE
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


@final
@dataclass(frozen=True, kw_only=True)
class AsKept(Measurement):
    """What `as_kept` says of each pair, as columns.

    Args:
        points: as `as_kept` takes them.
    """

    points: int | None = None

    @property
    def columns(self) -> tuple[Column, ...]:
        return (
            measured_column(
                "kept_max_loss",
                "float64",
                "highest loss of the inputs looked at along the path found, rounded to what files hold",
                label="highest loss when rounded",
            ),
            measured_column(
                "kept_connected",
                "bool",
                "whether the path found is connected with and without that rounding, as far as was looked",
                shown=False,  # `kept` says it in words
            ),
            measured_column("kept", "string", "what rounding does to the path found, in words", label="rounded"),
        )

    def values(self, landscape: AbstractLandscape, found: Sequence[Connection]) -> Sequence[Mapping[str, Any]]:
        kept = as_kept(landscape, found, points=self.points)
        return [
            {
                "kept_max_loss": each.max_loss,
                "kept_connected": each.outcome is KeptOutcome.CONNECTED,
                "kept": str(each),
            }
            for each in kept
        ]
