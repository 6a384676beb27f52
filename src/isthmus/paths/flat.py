"""Flat: a flat piece of input space of any number of dimensions, in coordinates of its own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from isthmus._core.geometry import inner, norms
from isthmus._core.shapes import Coordinates, Input, Inputs
from isthmus.errors import InputError

LEAST = 1e-6  # of a direction beside the longest one, below which points do not span the flat


@final
@dataclass(frozen=True, eq=False)
class Flat:
    """All points origin + sum of u_a axes[a], the axes orthogonal to one another.

    Attributes:
        origin: where every coordinate is 0 (*input), in data units.
        axes: one step of each coordinate (k, *input).
    """

    origin: Input
    axes: Inputs

    @staticmethod
    def plane(a: Input, b: Input, c: Input) -> Flat:
        """The plane of three inputs: A at (0, 0), C at (1, 0), and B at v = 1, wherever its u falls.

        Raises:
            InputError: they lie on one line.
        """
        along = (c - a).double()
        length = inner(along[None], along[None])
        share = inner((b - a).double()[None], along[None]) / length
        aside = (b - a).double() - float(share) * along
        flat = Flat(a.double(), torch.stack([along, aside]))
        if not float(length) > 0 or not flat.height > 1e-9:
            raise InputError("A plane needs three inputs that do not lie on one line.")
        return flat

    @staticmethod
    def through(points: Inputs, *, extent: float = 1.0) -> Flat:
        """The flat that k + 1 inputs span, around their mean, with axes of equal length.

        Args:
            points: inputs (k + 1, *input).
            extent: length of the axes, in mean distances between the inputs.

        Raises:
            InputError: fewer than two inputs, inputs of which one lies in the span of the others, or no extent.
        """
        if len(points) < 2:
            raise InputError(f"A flat goes through two inputs at least, got {len(points)}.")
        check_extent(extent)
        flat = points.detach().double().flatten(1)
        axes, triangle = torch.linalg.qr((flat[1:] - flat[0]).T)
        lengths = triangle.diagonal().abs()
        if not bool(lengths.min() > LEAST * torch.pdist(flat).max().clamp_min(torch.finfo(torch.float64).tiny)):
            raise InputError(
                f"{len(points)} inputs span a flat of {len(points) - 1} dimensions only if they differ, and none "
                "lies in the span of the others; these do not."
            )
        side = extent * float(torch.pdist(flat).mean())
        shaped = (side * axes.T).reshape(-1, *points.shape[1:]).to(points.dtype)
        return Flat(flat.mean(0).reshape(points.shape[1:]).to(points.dtype), shaped)

    @property
    def dimension(self) -> int:
        """Number of axes."""
        return len(self.axes)

    @property
    def side(self) -> float:
        """Length of the first axis, in data units."""
        return float(norms(self.axes[:1]))

    @property
    def height(self) -> float:
        """Length of the second axis over length of the first."""
        return float(norms(self.axes[1:2]) / norms(self.axes[:1]))

    def at(self, u: Coordinates) -> Inputs:
        """The inputs (n, *input) at coordinates u (n, k), in the precision of the origin."""
        found: Inputs = self.origin + torch.tensordot(u.to(self.axes), self.axes, dims=1)
        return found

    def coordinates(self, x: Inputs) -> Tensor:
        """Coordinates (n, k) of the points of the flat that are nearest to some inputs (n, *input)."""
        offset = x.double() - self.origin
        axes = self.axes.double()
        parts = [inner(offset, axis.expand_as(offset)) / inner(axis[None], axis[None]) for axis in axes]
        return torch.stack(parts, dim=1)


def check_extent(extent: float) -> None:
    """Refuses a width that a flat cannot have.

    Raises:
        InputError: with the number.
    """
    if not (math.isfinite(extent) and extent > 0):
        raise InputError(f"The extent of a slice must be a number above 0, got {extent}.")
