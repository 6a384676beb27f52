"""The path as functions of u in [0, 1]: where it is, and where it goes."""

from __future__ import annotations

import torch
from torch import Tensor

from isthmus._core.shapes import Inputs, Parameters, Vertices
from isthmus.paths import AbstractPath, Bezier, Polyline
from isthmus.paths.bezier_bundle import bernstein


def pieces_of(path: AbstractPath) -> list[Vertices]:
    """Control points (degree + 1, *input) of the Bezier curves that a path is made of, in float64; of segments two
    each. Paths of other kinds are taken for polylines through points of theirs.
    """
    if isinstance(path, Bezier):
        return [path.control_points.double()]
    shown = path if isinstance(path, Polyline) else path.to_polyline(1e-4)
    vertices = shown.vertices.double()
    return [vertices[number : number + 2] for number in range(len(vertices) - 1)]


def at(points: Vertices, u: Parameters) -> Inputs:
    """Points (m, *input) of one piece at u (m,)."""
    return _weighted(points, u)


def velocity(points: Vertices, u: Parameters) -> Inputs:
    """Derivatives by u (m, *input)."""
    return (len(points) - 1) * _weighted(points.diff(dim=0), u)


def _weighted(points: Tensor, u: Parameters) -> Tensor:
    found: Tensor = torch.tensordot(bernstein(len(points) - 1, u).to(points), points, dims=1)
    return found
