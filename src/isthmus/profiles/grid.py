"""GridMap: loss and predicted class on a grid over a flat: a picture of the landscape, or the sites of a lattice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from torch import Tensor

from isthmus._core.annotated import as_annotated
from isthmus._core.bars import Tell, renamed, telling
from isthmus._core.displayed import Plotted
from isthmus._core.given import shown
from isthmus._core.progress import OnProgress
from isthmus._core.shapes import AnyTargets, GridAxis, Inputs
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.landscapes.arguments import PREDICTED, targets_of
from isthmus.paths import Flat
from isthmus.profiles.looking import HELD, look

STEEP = 2.0  # losses that differ by more are worth a look between them
LEAST = 1e-6  # lower losses are all low
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
        looked: how many points the network was asked about; those between were interpolated.
    """

    flat: Flat
    coordinates: tuple[GridAxis, ...]
    target: int
    loss: Array
    predicted: Array
    inside: Array
    looked: int = -1

    def __post_init__(self) -> None:
        if self.looked < 0:
            object.__setattr__(self, "looked", self.loss.size)

    def __repr__(self) -> str:
        return f"GridMap({' x '.join(map(str, self.loss.shape))} points, target {self.target})"

    def is_class(self, index: int) -> Array:
        """The points that are taken for a class."""
        found: Array = self.predicted == index
        return found


@renamed
@as_annotated
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
    index = _target(landscape, flat, target, coordinates)
    shape = tuple(len(each) for each in coordinates)
    with telling(progress, "the map", "points") as tell:
        found = _seen(landscape, flat, coordinates, np.arange(math.prod(shape)), index, tell)
    loss, predicted, inside = (each.reshape(shape) for each in found)
    return GridMap(flat, tuple(coordinates), index, loss, predicted, inside)


@as_annotated
def refined_map(
    landscape: AbstractLandscape,
    flat: Flat,
    target: AnyTargets | None,
    coordinates: Sequence[GridAxis],
    *,
    progress: Tell = None,
) -> GridMap:
    """The same over a plane at less cost: the network is asked about every second point in each direction, and about
    those between only where the corners of their cell are taken for several classes or differ in loss by more than a
    factor of `STEEP`. Elsewhere the loss is interpolated on its logarithm, and the class is that of the corners.

    Raises:
        InputError: as `grid_map`, and where an axis has an even number of coordinates, or fewer than three.
    """
    index = _target(landscape, flat, target, coordinates)
    rows, columns = shape = tuple(len(each) for each in coordinates)
    if any(length < 3 or length % 2 == 0 for length in shape):
        raise InputError(f"A refined map needs an odd number of coordinates along each axis, at least 3, got {shape}.")
    numbers = np.arange(rows * columns).reshape(shape)
    first = numbers[::2, ::2]
    loss, predicted = np.empty(shape), np.empty(shape, dtype=np.int64)
    with telling(progress, "the map", "points") as tell:
        seen = _seen(landscape, flat, coordinates, first.ravel(), index, tell)
        loss[::2, ::2], predicted[::2, ::2] = (each.reshape(first.shape) for each in seen[:2])
        height = np.log10(np.maximum(loss[::2, ::2], LEAST))
        corners = [height[i : i + len(height) - 1, j : j + height.shape[1] - 1] for i in (0, 1) for j in (0, 1)]
        steep = np.ptp(np.stack(corners), axis=0) > np.log10(STEEP)
        kinds = predicted[::2, ::2]
        four = np.stack([kinds[i : i + steep.shape[0], j : j + steep.shape[1]] for i in (0, 1) for j in (0, 1)])
        several = (four != four[0]).any(0)
        wanted = np.zeros(shape, dtype=bool)
        for i, j in zip(*np.nonzero(steep | several), strict=True):
            wanted[2 * i : 2 * i + 3, 2 * j : 2 * j + 3] = True
        wanted[::2, ::2] = False
        _interpolate(height, loss, kinds, predicted)
        more = numbers[wanted]
        if len(more):
            found = _seen(landscape, flat, coordinates, more, index, tell)
            loss[wanted], predicted[wanted] = found[:2]
    inside = np.empty(rows * columns, dtype=np.bool_)
    for part in np.array_split(numbers.ravel(), max(1, numbers.size * flat.origin.numel() // HELD)):
        inside[part] = landscape.domain.contains(_points(flat, coordinates, part)).cpu().numpy()
    looked = first.size + len(more)
    return GridMap(flat, tuple(coordinates), index, loss, predicted, inside.reshape(shape), looked)


def _interpolate(height: Array, loss: Array, kinds: Array, predicted: Array) -> None:
    """Fills in what lies between every second point: the mean of its neighbours there, and the class of the first."""
    finer = np.empty(loss.shape)
    finer[::2, ::2] = height
    finer[1::2, ::2] = (height[1:] + height[:-1]) / 2
    finer[:, 1::2] = (finer[:, 2::2] + finer[:, :-2:2]) / 2
    known = loss[::2, ::2].copy()
    loss[:] = 10**finer
    loss[::2, ::2] = known
    predicted[:] = kinds.repeat(2, 0).repeat(2, 1)[: loss.shape[0], : loss.shape[1]]


def _target(
    landscape: AbstractLandscape, flat: Flat, target: AnyTargets | None, coordinates: Sequence[GridAxis]
) -> int:
    if len(coordinates) != flat.dimension:
        raise InputError(f"A map needs coordinates for each of {flat.dimension} axes, got {len(coordinates)}.")
    for each in coordinates:
        if not isinstance(each, Tensor) or each.ndim != 1 or not len(each) or not each.dtype.is_floating_point:
            raise InputError(
                f"Each axis of a map needs at least one coordinate (m,), as a tensor of numbers, got {shown(each)}."
            )
    if target is None or (isinstance(target, str) and target == PREDICTED):  # the origin may lie outside the domain
        return int(landscape.logits_of(flat.origin[None]).argmax(1))
    return int(targets_of(landscape, target, 1, []))


def _points(flat: Flat, coordinates: Sequence[GridAxis], numbers: Array) -> Inputs:
    places = np.unravel_index(numbers, tuple(len(each) for each in coordinates))
    return flat.at(torch.stack([each[place] for each, place in zip(coordinates, places, strict=True)], dim=1))


def _seen(
    landscape: AbstractLandscape,
    flat: Flat,
    coordinates: Sequence[GridAxis],
    numbers: Array,
    target: int,
    tell: OnProgress | None,
) -> tuple[Array, Array, Array]:
    """Loss, predicted class, and whether it lies inside, of some points of the grid, by their numbers."""
    total = len(numbers)
    aims = torch.full((total,), target)
    loss, predicted, inside = np.empty(total), np.empty(total, dtype=np.int64), np.empty(total, dtype=np.bool_)
    step = max(1, min(total, HELD // flat.origin.numel()))

    def at(rows: slice) -> Inputs:
        return _points(flat, coordinates, numbers[rows])

    for rows, x, seen in look(landscape, at, aims, most=lambda: step, on_progress=tell):
        loss[rows] = landscape.in_float64(seen, aims[rows]).cpu().numpy()
        predicted[rows] = seen.logits.argmax(1).cpu().numpy()
        inside[rows] = landscape.domain.contains(x).cpu().numpy()
    return loss, predicted, inside
