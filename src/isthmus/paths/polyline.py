"""Polyline: a path of straight segments between vertices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import numpy as np
import torch
from torch import Tensor

from isthmus._core.geometry import inner, lengths, norms
from isthmus._core.given import tensor_of
from isthmus._core.shapes import Input, Inputs, Parameters, Vertices
from isthmus.errors import InputError
from isthmus.paths.base import AbstractPath, Bundle, checked_positions, ratio
from isthmus.paths.polyline_bundle import Polylines, positions


@final
@dataclass(frozen=True, eq=False, repr=False)
class Polyline(AbstractPath):
    """Straight segments through vertices (k, *input), k >= 2, in data units. t in [0, 1] is arc length / length.

    The ends are the first and the last vertex, bit for bit.
    """

    kind: ClassVar[str] = "polyline"

    vertices: Vertices

    def __post_init__(self) -> None:
        object.__setattr__(self, "vertices", tensor_of("vertices", self.vertices))
        if self.vertices.ndim < 2 or len(self.vertices) < 2:
            raise InputError(
                f"A polyline needs vertices (k, *input) with k >= 2, got shape {tuple(self.vertices.shape)}."
            )
        if not self.vertices.is_floating_point():
            raise InputError(f"A polyline needs floating-point vertices, got {self.vertices.dtype}; use x.float().")

    @property
    def t(self) -> Parameters:
        """Position of each vertex (k,), from exactly 0 to exactly 1."""
        return positions([self.vertices])[0]

    @property
    def segment_lengths(self) -> Parameters:
        """Length of each segment (k - 1,), in data units."""
        vertices = self._wide
        return lengths(vertices[1:] - vertices[:-1])

    @property
    def _wide(self) -> Vertices:
        """The vertices in float32 or better: differences of half precision would be rounded once more."""
        return self.vertices if self.vertices.element_size() > 2 else self.vertices.float()

    @property
    def direct_length(self) -> float:
        vertices = self._wide
        return float(lengths(vertices[-1:] - vertices[:1]))

    @property
    def length(self) -> float:
        """Length in data units."""
        return float(self.segment_lengths.sum())

    @property
    def corners(self) -> Parameters:
        return self.t

    @property
    def ends(self) -> Inputs:
        return torch.stack([self.vertices[0], self.vertices[-1]])

    def to_polyline(self, tolerance: float = 1e-3) -> Polyline:
        """The path itself."""
        return self

    def tensors(self) -> Mapping[str, Tensor]:
        return {"vertices": self.vertices}

    @classmethod
    def of_tensors(cls, tensors: Mapping[str, Tensor]) -> Polyline:
        return cls(tensors["vertices"])

    @classmethod
    def together(cls, paths: Sequence[AbstractPath]) -> Bundle:
        return Polylines.through([path.to_polyline().vertices for path in paths])

    @property
    def deviation(self) -> float:
        """Largest distance of the path from the segment between its ends / length of that segment.

        The distance to a convex set is convex along a segment, so it is largest at a vertex.
        """
        vertices = self._wide
        start, across = vertices[:1], vertices[-1:] - vertices[:1]
        squared = inner(across, across)
        if not bool((squared.isfinite() & (squared > 1e-30)).all()):
            vertices = vertices.double()
            start, across = vertices[:1], vertices[-1:] - vertices[:1]
            squared = inner(across, across)
        squared = squared.clamp_min(torch.finfo(torch.float64).tiny)
        beside = vertices - start
        along = (inner(beside, across.expand_as(beside)) / squared).clamp(0, 1)
        shape = (-1,) + (1,) * (vertices.ndim - 1)
        distance = norms(beside.double() - along.reshape(shape) * across.double()).max()
        # A vertex on the segment leaves only the rounding of its own coordinates.
        noise = torch.finfo(self.vertices.dtype).eps * float(lengths(vertices).max())
        return ratio(0.0 if float(distance) <= noise else float(distance), self.direct_length, 0.0)

    @property
    def turning_angles(self) -> Parameters:
        """Angle in radians between the segments that meet at each inner vertex (k - 2,): 0 is straight on."""
        steps = (self.vertices[1:] - self.vertices[:-1]).double()
        before, after = steps[:-1], steps[1:]
        unit_before = before / _positive(norms(before), before)
        unit_after = after / _positive(norms(after), after)
        # Kahan's form keeps its precision where the cosine is near 1.
        return 2 * torch.atan2(norms(unit_after - unit_before), norms(unit_after + unit_before))

    def at(self, t: float | Parameters) -> Input:
        """The point at t: (*input) for a number, (m, *input) for a tensor (m,)."""
        places = checked_positions(t)
        points = Polylines.through([self.vertices]).at(torch.zeros(len(places), dtype=torch.long), places)
        return points if np.ndim(t) else points[0]


def _positive(lengths: Tensor, like: Tensor) -> Tensor:
    return torch.where(lengths > 0, lengths, 1.0).reshape((-1,) + (1,) * (like.ndim - 1))
