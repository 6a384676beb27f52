"""Bezier: a smooth path that leaves its ends towards control points."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, final

import numpy as np
import torch
from torch import Tensor

from isthmus._core.geometry import norms
from isthmus._core.given import tensor_of
from isthmus._core.shapes import Input, Parameters, Vertices
from isthmus.errors import InputError
from isthmus.paths.base import AbstractPath, checked_positions

TABLE = 1024  # intervals of the curve's own parameter in which its length is measured


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
        return (bernstein(self.degree, u) @ self.control_points.double().cpu().flatten(1)).reshape(
            -1, *self.control_points.shape[1:]
        )

    @cached_property
    def _lengths(self) -> Parameters:
        """Arc length up to each of the table's values of u."""
        # The distances of points are those of coordinates in the span of the control points, which has few dimensions.
        flat = self.control_points.double().cpu().flatten(1)
        flat = flat - flat[:1]
        triangle = torch.linalg.qr(flat.T, mode="r").R
        u = torch.linspace(0, 1, TABLE + 1, dtype=torch.float64)
        points = bernstein(self.degree, u) @ triangle.T
        return torch.cat([u.new_zeros(1), norms(points.diff(dim=0)).cumsum(0)])

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
        single = not np.ndim(t)
        t = checked_positions(t)
        lengths = self._lengths
        if lengths[-1] > 0:
            want = t * lengths[-1]
            right = torch.searchsorted(lengths, want).clamp(1, TABLE)
            width = lengths[right] - lengths[right - 1]
            inside = torch.where(width > 0, (want - lengths[right - 1]) / torch.where(width > 0, width, 1.0), 0.0)
            u = (right - 1 + inside) / TABLE
        else:
            u = t
        points = self.control_points
        found = self.of_parameter(u).to(points)
        found[(t == 0).to(points.device)] = points[0]
        found[(t == 1).to(points.device)] = points[-1]
        return found[0] if single else found

    def tensors(self) -> Mapping[str, Tensor]:
        return {"control_points": self.control_points}

    @classmethod
    def of_tensors(cls, tensors: Mapping[str, Tensor]) -> Bezier:
        return cls(tensors["control_points"])


def bernstein(degree: int, u: Parameters) -> Tensor:
    """The weights (m, d + 1) of the control points at values u (m,) of the parameter."""
    u = u.double().cpu()[:, None]
    power = torch.arange(degree + 1, dtype=torch.float64)
    binomial = torch.tensor([math.comb(degree, i) for i in range(degree + 1)], dtype=torch.float64)
    return binomial * u**power * (1 - u) ** (degree - power)
