"""Slices: the landscape on a grid over a flat cube of input space, of 1 to 13 dimensions, as a field."""

from __future__ import annotations

import numpy as np
import torch

from isthmus._core.annotated import as_annotated
from isthmus._core.bars import Tell, renamed
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.paths import Flat
from isthmus.percolation.lattice import MOST_DIMENSIONS, check_memory
from isthmus.profiles import GridMap, grid_map


@renamed
@as_annotated
def slice_map(
    landscape: AbstractLandscape,
    flat: Flat,
    target: int | None = None,
    *,
    points: int,
    progress: Tell = None,
) -> GridMap:
    """Evaluates a landscape on a grid over the cube between -1/2 and 1/2 of every axis, inside its domain or not.

    Args:
        landscape: the landscape.
        flat: where the cube lies, such as `Flat.through(inputs)`.
        target: class that the loss is about; by default what the network sees at the middle.
        points: along each axis, at even distances, both ends included.
        progress: as `isthmus.connect` takes it, with points.

    Raises:
        InputError: fewer than two points along an axis, more than 13 axes, a grid that does not fit the memory, or
            losses that are not finite.
    """
    if points < 2:
        raise InputError(f"A grid needs two points along each axis at least, got {points}.")
    if flat.dimension > MOST_DIMENSIONS:
        raise InputError(f"A slice has 1 to {MOST_DIMENSIONS} dimensions, got {flat.dimension}.")
    total = points**flat.dimension
    check_memory(total * 64, f"A grid of {points} points along each of {flat.dimension} axes ({total:,} points)")
    even = torch.arange(points, dtype=torch.float64) / (points - 1) - 0.5
    found = grid_map(landscape, flat, target, [even] * flat.dimension, progress=progress)
    bad = int((~np.isfinite(found.loss)).sum())
    if bad:
        raise InputError(f"The loss is not finite at {bad} of {total} points of the slice.")
    return found
