"""Beziers: curves of one degree side by side, so that points of all of them are computed in one go."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import torch
from jaxtyping import Float, Int
from torch import Tensor

from isthmus._core.geometry import expand_to, norms
from isthmus._core.shapes import Index, Inputs, Parameters, Vertices
from isthmus.paths.base import Bundle, checked_positions

TABLE = 1024  # intervals of the curves' own parameter in which their length is measured


@dataclass(frozen=True, eq=False)
class Beziers(Bundle):
    """Control points of all curves, on any device; the rest, on the CPU, says where their corners are.

    Attributes:
        control_points: (n, d + 1, *input).
        corners, owner: 0 and 1 of each curve, and its number.
    """

    control_points: Float[Tensor, "n _ *input"]
    corners: Float[Tensor, k]
    owner: Int[Tensor, k]

    @staticmethod
    def through(curves: Sequence[Vertices]) -> Beziers:
        """A bundle of curves, each given by its control points (d + 1, *input), of one degree."""
        count = len(curves)
        ends = torch.tensor([0.0, 1.0], dtype=torch.float64).repeat(count)
        return Beziers(torch.stack(list(curves)), ends, torch.arange(count).repeat_interleave(2))

    def __len__(self) -> int:
        return len(self.control_points)

    @property
    def degree(self) -> int:
        """Number of control points of each curve less one."""
        return self.control_points.shape[1] - 1

    @cached_property
    def lengths(self) -> Float[Tensor, "n _"]:
        """Arc length of each curve up to each of the table's values of u."""
        # The distances of points are those of coordinates in the span of the control points, which has few dimensions.
        flat = self.control_points.double().flatten(2)
        flat = (flat - flat[:, :1]).cpu()
        triangles = [torch.linalg.qr(each.T, mode="r").R for each in flat]  # one by one: the same in any company
        weights = bernstein(self.degree, torch.linspace(0, 1, TABLE + 1, dtype=torch.float64))
        made = [norms((weights @ triangle.T).diff(dim=0)).cumsum(0) for triangle in triangles]
        return torch.stack([torch.cat([each.new_zeros(1), each]) for each in made])

    def at(self, path: Index, t: Parameters) -> Inputs:
        """The points (m, *input) at t (m,), by arc length, on the curves numbered (m,)."""
        t = checked_positions(t)
        u, total = t.clone(), self.lengths[:, -1]
        for number in sorted(set(path.tolist())):
            if total[number] > 0:  # a curve without length is walked by its own parameter
                rows = path == number
                u[rows] = self._parameters(number, t[rows])
        points = self.of_parameter(path, u).to(self.control_points)
        for place, end in ((0.0, 0), (1.0, -1)):  # bit for bit
            rows = (t == place).nonzero()[:, 0]
            if len(rows):
                points[rows.to(points.device)] = self.control_points[path[rows].to(points.device), end]
        return points

    def _parameters(self, number: int, t: Parameters) -> Parameters:
        """The curve's own parameter (m,) at t (m,)."""
        lengths = self.lengths[number]
        want = t * lengths[-1]
        right = torch.searchsorted(lengths, want).clamp(1, TABLE)
        width = lengths[right] - lengths[right - 1]
        inside = torch.where(width > 0, (want - lengths[right - 1]) / torch.where(width > 0, width, 1.0), 0.0)
        return (right - 1 + inside) / TABLE

    def of_parameter(self, path: Index, u: Parameters) -> Tensor:
        """Points (m, *input) at values u (m,) of the curves' own parameter, in float64."""
        device = self.control_points.device
        number, *weights = torch.stack([path.double(), *bernstein(self.degree, u).T]).to(device)  # in one transfer
        number = number.long()
        points = torch.zeros(len(path), *self.control_points.shape[2:], dtype=torch.float64, device=device)
        for order, weight in enumerate(weights):
            points += expand_to(weight, points) * self.control_points[number, order]
        return points


def bernstein(degree: int, u: Parameters) -> Float[Tensor, "m _"]:
    """The weights (m, d + 1) of the control points at values u (m,) of the parameter."""
    u = u.double().cpu()[:, None]
    power = torch.arange(degree + 1, dtype=torch.float64)
    binomial = torch.tensor([math.comb(degree, i) for i in range(degree + 1)], dtype=torch.float64)
    return binomial * u**power * (1 - u) ** (degree - power)
