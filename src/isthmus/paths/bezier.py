"""Bezier: a smooth path that leaves its ends towards control points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, final

import numpy as np
import torch
from torch import Tensor

from isthmus._core.given import tensor_of
from isthmus._core.shapes import Input, Inputs, Parameters, Vertices
from isthmus.errors import InputError
from isthmus.paths.base import AbstractPath, Bundle, checked_positions
from isthmus.paths.bezier_bundle import TABLE, Beziers


@final
@dataclass(frozen=True, eq=False, repr=False)
class Bezier(AbstractPath):
    """The curve sum_i binomial(d, i) u^i (1 - u)^(d - i) P_i, of degree d >= 1, with control points
    P (d + 1, *input).

    Its own parameter u does not run at even speed: `at` finds the u of an arc length from a table of lengths, which is
    exact to about a millionth of the length. The ends are the first and the last control point, bit for bit.
    """

    kind: ClassVar[str] = "bezier"

    control_points: Vertices

    def __post_init__(self) -> None:
        object.__setattr__(self, "control_points", tensor_of("control_points", self.control_points))
        points = self.control_points
        if points.ndim < 2 or len(points) < 2:
            raise InputError(f"A Bezier curve needs control points (k, *input), k >= 2, got {tuple(points.shape)}.")
        if not points.is_floating_point():
            raise InputError(f"A Bezier curve needs floating-point control points, got {points.dtype}; use x.float().")

    @property
    def degree(self) -> int:
        """Number of control points less one."""
        return len(self.control_points) - 1

    def of_parameter(self, u: Parameters) -> Tensor:
        """Points (m, *input) at values u (m,) of the curve's own parameter, in float64 inside."""
        return self._bundle.of_parameter(torch.zeros(len(u), dtype=torch.long), u)

    @property
    def _lengths(self) -> Parameters:
        """Arc length up to each of the table's values of u."""
        return self._bundle.lengths[0]

    @cached_property
    def _bundle(self) -> Beziers:
        ends = torch.tensor([0.0, 1.0], dtype=torch.float64)
        return Beziers(self.control_points[None], ends, torch.zeros(2, dtype=torch.long))

    @property
    def length(self) -> float:
        return float(self._lengths[-1])

    def position(self, u: Parameters) -> Parameters:
        """The t (m,), by arc length, of values u (m,) of the curve's own parameter."""
        if not self._lengths[-1] > 0:
            return u
        scaled = u.double().cpu() * TABLE
        left = scaled.long().clamp(0, TABLE - 1)
        lengths = self._lengths
        return (lengths[left] + (scaled - left) * (lengths[left + 1] - lengths[left])) / lengths[-1]

    def at(self, t: float | Parameters) -> Input:
        places = checked_positions(t)
        points = self._bundle.at(torch.zeros(len(places), dtype=torch.long), places)
        return points if np.ndim(t) else points[0]

    @classmethod
    def together(cls, paths: Sequence[AbstractPath]) -> Bundle:
        curves = [path for path in paths if isinstance(path, Bezier)]
        alike = len({curve.control_points.shape for curve in curves}) == 1 and len(curves) == len(paths)
        return Beziers.through([curve.control_points for curve in curves]) if alike else super().together(paths)

    @property
    def ends(self) -> Inputs:
        return torch.stack([self.control_points[0], self.control_points[-1]])

    def tensors(self) -> Mapping[str, Tensor]:
        return {"control_points": self.control_points}

    @classmethod
    def of_tensors(cls, tensors: Mapping[str, Tensor]) -> Bezier:
        return cls(tensors["control_points"])
