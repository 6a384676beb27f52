"""GridMap: loss and predicted class on a grid over a flat: a picture of the landscape, or the sites of a lattice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch

from isthmus._core.bars import Tell, renamed, telling
from isthmus._core.displayed import Plotted
from isthmus._core.shapes import AnyTargets, GridAxis, Inputs
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.landscapes.arguments import PREDICTED, targets_of
from isthmus.paths import Flat
from isthmus.profiles.looking import HELD, look

Array = np.ndarray[Any, np.dtype[Any]]


@final
@dataclass(frozen=True, eq=False)
class GridMap(Plotted):
    """What a landscape says at every point of a grid; arrays have one axis for each axis of the flat, in its order.

    Attributes:
        flat: over which the grid lies.
        coordinates: of the grid along each axis, in steps of that axis.
        target: class that the loss is about.
        loss: for the target, in float64.
        predicted: class predicted.
        inside: whether the point lies in the landscape's domain; the network says something outside too.
    """

    flat: Flat
    coordinates: tuple[GridAxis, ...]
    target: int
    loss: Array
    predicted: Array
    inside: Array

    def __repr__(self) -> str:
        return f"GridMap({' x '.join(map(str, self.loss.shape))} points, target {self.target})"

    def is_class(self, index: int) -> Array:
        """The points that are taken for a class."""
        found: Array = self.predicted == index
        return found


@renamed
def grid_map(
    landscape: AbstractLandscape,
    flat: Flat,
    target: AnyTargets | None,
    coordinates: Sequence[GridAxis],
    *,
    progress: Tell = None,
) -> GridMap:
    """Evaluates a landscape at all combinations of coordinates, inside its domain or not.

    Args:
        landscape: the landscape.
        flat: where the grid lies.
        target: class that the loss is about, by number or name; by default what the network sees at the flat's origin.
        coordinates: of the grid along each axis of the flat.
        progress: as `isthmus.connect` takes it, with points.

    Raises:
        InputError: another number of axes than the flat has, or one without coordinates.
    """
    if len(coordinates) != flat.dimension or not all(len(each) for each in coordinates):
        raise InputError(
            f"A map needs at least one coordinate for each of {flat.dimension} axes, got "
            f"{[len(each) for each in coordinates]}."
        )
    if target is None or (isinstance(target, str) and target == PREDICTED):  # the origin may lie outside the domain
        index = int(landscape.logits_of(flat.origin[None]).argmax(1))
    else:
        index = int(targets_of(landscape, target, 1, []))
    shape = tuple(len(each) for each in coordinates)
    total = math.prod(shape)
    aims = torch.full((total,), index)
    loss, predicted, inside = np.empty(total), np.empty(total, dtype=np.int64), np.empty(total, dtype=np.bool_)

    def at(rows: slice) -> Inputs:
        places = np.unravel_index(np.arange(rows.start, rows.stop), shape)
        return flat.at(torch.stack([each[place] for each, place in zip(coordinates, places, strict=True)], dim=1))

    step = max(1, min(total, HELD // flat.origin.numel()))
    with telling(progress, "the map", "points") as tell:
        for rows, x, seen in look(landscape, at, aims, most=lambda: step, on_progress=tell):
            loss[rows] = landscape.in_float64(seen, aims[rows]).cpu().numpy()
            predicted[rows] = seen.logits.argmax(1).cpu().numpy()
            inside[rows] = landscape.domain.contains(x).cpu().numpy()
    return GridMap(
        flat, tuple(coordinates), index, loss.reshape(shape), predicted.reshape(shape), inside.reshape(shape)
    )
