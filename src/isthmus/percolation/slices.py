"""Slice: a flat piece of input space, a cube of 1 to 13 dimensions, and the landscape on a grid over it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from isthmus._shapes import Input, Inputs
from isthmus.errors import InputError
from isthmus.landscape import AbstractLandscape, Landscape
from isthmus.percolation.fields import Field
from isthmus.percolation.lattice import MOST_DIMENSIONS, check_memory
from isthmus.progress import Progress

CHUNK = 2**24  # numbers of the inputs that are made at a time
LEAST = 1e-6  # of a direction beside the longest one, below which points do not span the slice
Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Slice:
    """The points centre + sum of u_a axes[a], every u_a between -1/2 and 1/2.

    Attributes:
        centre: one input, in data units.
        axes: k orthogonal directions of equal length, the side of the cube (k, *input).
    """

    centre: Input
    axes: Inputs

    @property
    def dimension(self) -> int:
        """Number of axes."""
        return len(self.axes)

    @property
    def side(self) -> float:
        """Length of an edge, in data units."""
        return float(self.axes[0].norm())

    @classmethod
    def through(cls, points: Inputs, *, extent: float = 1.0) -> Slice:
        """The slice that k + 1 inputs span, around their mean.

        Args:
            points: inputs (k + 1, *input).
            extent: side of the cube, in mean distances between the inputs.

        Raises:
            InputError: fewer than two inputs, inputs of which one lies in the span of the others, or no extent.
        """
        if not 2 <= len(points) <= MOST_DIMENSIONS + 1:
            raise InputError(f"A slice goes through 2 to {MOST_DIMENSIONS + 1} inputs, got {len(points)}.")
        check_extent(extent)
        flat = points.detach().double().flatten(1)
        centre = flat.mean(0)
        axes, triangle = torch.linalg.qr((flat[1:] - flat[0]).T)
        lengths = triangle.diagonal().abs()
        if not bool(lengths.min() > LEAST * torch.pdist(flat).max().clamp_min(torch.finfo(torch.float64).tiny)):
            raise InputError(
                f"{len(points)} inputs span a slice of {len(points) - 1} dimensions only if they differ, and none "
                "lies in the span of the others; these do not."
            )
        side = extent * float(torch.pdist(flat).mean())
        shaped = (side * axes.T).reshape(-1, *points.shape[1:]).to(points.dtype)
        return cls(centre.reshape(points.shape[1:]).to(points.dtype), shaped)

    def at(self, u: Array) -> Inputs:
        """The inputs at coordinates (n, k)."""
        weights = torch.as_tensor(u, dtype=self.axes.dtype)
        found: Inputs = self.centre + torch.tensordot(weights, self.axes, dims=1)
        return found


def check_extent(extent: float) -> None:
    """Refuses a width that a slice cannot have.

    Raises:
        InputError: with the number.
    """
    if not (math.isfinite(extent) and extent > 0):
        raise InputError(f"The extent of a slice must be a number above 0, got {extent}.")


@dataclass(frozen=True, eq=False)
class SliceMap:
    """The landscape on a grid over a slice; every array has one entry a grid point, shape (points,) * k.

    Attributes:
        slice: which.
        target: class that the loss is about.
        loss: for the target, in float64.
        predicted: class predicted.
        inside: whether the point lies in the landscape's domain.
    """

    slice: Slice
    target: int
    loss: Array
    predicted: Array
    inside: Array

    @property
    def field(self) -> Field:
        """The loss as a field."""
        return Field(self.loss)

    def is_class(self, index: int) -> Array:
        """The points that are taken for a class."""
        found: Array = self.predicted == index
        return found


def slice_map(
    landscape: AbstractLandscape,
    piece: Slice,
    target: int | None = None,
    *,
    points: int,
    on_progress: Callable[[Progress], None] | None = None,
) -> SliceMap:
    """Evaluates a landscape on a grid over a slice, inside its domain or not.

    Args:
        landscape: the landscape.
        piece: the slice.
        target: class that the loss is about; by default what the network sees at the centre.
        points: along each axis, at even distances, both ends included.
        on_progress: called with the points done.

    Raises:
        InputError: fewer than two points along an axis, a grid that does not fit the memory, or losses that are not
            finite.
    """
    if points < 2:
        raise InputError(f"A grid needs two points along each axis at least, got {points}.")
    total, dimension = points**piece.dimension, piece.dimension
    check_memory(total * 64, f"A grid of {points} points along each of {dimension} axes ({total:,} points)")
    landscape.try_out(landscape.prepare(piece.centre[None]))
    if target is None:
        zero = torch.zeros(1, dtype=torch.long)
        target = int(landscape.evaluate(piece.centre[None], zero, validated=True).logits.argmax(1))
    step = max(1, min(total, CHUNK // piece.centre.numel()))
    loss, predicted, inside = np.empty(total), np.empty(total, dtype=np.int64), np.empty(total, dtype=np.bool_)
    before = landscape.forward_equivalents
    for begin in range(0, total, step):
        numbers = np.arange(begin, min(total, begin + step))
        places = np.stack(np.unravel_index(numbers, (points,) * dimension), axis=1)
        x = piece.at(places / (points - 1) - 0.5)
        aims = torch.full((len(x),), target)
        some = landscape.evaluate(x, aims, validated=True)
        rows = slice(begin, begin + len(x))
        # Near 0 float32 losses are equal by the dozen, which would leave their order to chance.
        exact = landscape.loss_function(some.logits.double(), aims) if isinstance(landscape, Landscape) else some.loss
        loss[rows] = exact.double().cpu().numpy()
        predicted[rows] = some.logits.argmax(1).cpu().numpy()
        inside[rows] = landscape.domain.contains(x).cpu().numpy()
        if on_progress is not None:
            on_progress(Progress(begin + len(x), total, landscape.forward_equivalents - before))
    if not np.isfinite(loss).all():
        raise InputError(f"The loss is not finite at {int((~np.isfinite(loss)).sum())} of {total} points of the slice.")
    shape = (points,) * dimension
    return SliceMap(piece, target, loss.reshape(shape), predicted.reshape(shape), inside.reshape(shape))
