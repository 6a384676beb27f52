"""A path as ground: every stretch of it as polynomials of one variable."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, final

import torch
from torch import Tensor

from isthmus._core.shapes import Inputs, Parameters, Vertices
from isthmus.certificates.taylor.boxes import Boxes, wider
from isthmus.certificates.taylor.enclosure import Enclosure
from isthmus.certificates.taylor.ground import Ground
from isthmus.certificates.taylor.rounding import gamma, magnitude, up
from isthmus.errors import NetworkError
from isthmus.paths import AbstractPath, Bezier, Polyline
from isthmus.paths.bezier_bundle import bernstein


@dataclass(frozen=True, eq=False)
class Piece:
    """A part of a path that is a polynomial of u in [0, 1]: a Bezier curve, of which a segment is the simplest.

    Attributes:
        points: control points (degree + 1, *input), in float64.
        position: t on the path of values of u.
    """

    points: Vertices
    position: Callable[[Parameters], Parameters]


@final
class Walk(Ground):
    """A path, in pieces that are Bezier curves.

    Raises:
        NetworkError: it is not made of polynomials.
    """

    variables: ClassVar[int] = 1
    orders: ClassVar[tuple[int, ...]] = (2, 4, 7, 10, 14)
    first_order: ClassVar[int] = 4

    def __init__(self, path: AbstractPath) -> None:
        self.path, self.pieces = path, pieces_of(path)

    def __len__(self) -> int:
        return len(self.pieces)

    def inputs(self, boxes: Boxes, order: int) -> Enclosure:
        return stretches(self.pieces, boxes.number, boxes.low[:, 0], boxes.high[:, 0], order)

    def middles(self, boxes: Boxes) -> Inputs:
        return self.path.at(self.positions(boxes, boxes.middle)).double()

    def positions(self, boxes: Boxes, places: Tensor) -> Parameters:
        """T on the path of places (n, 1) in the pieces of some boxes."""
        each = zip(boxes.number.tolist(), places, strict=True)
        return torch.cat([self.pieces[number].position(place) for number, place in each])


def pieces_of(path: AbstractPath) -> list[Piece]:
    """The parts of a path.

    Raises:
        NetworkError: it is not made of polynomials.
    """
    if isinstance(path, Polyline):
        t = path.t
        vertices = path.vertices.double()
        return [
            Piece(vertices[number : number + 2], partial(torch.lerp, t[number], t[number + 1]))
            for number in range(len(t) - 1)
        ]
    if isinstance(path, Bezier):
        return [Piece(path.control_points.double(), path.position)]
    raise NetworkError(
        f"Taylor models follow polylines and Bezier curves, got a {type(path).__name__}; use path.to_polyline()."
    )


def stretches(pieces: list[Piece], number: Tensor, begin: Tensor, end: Tensor, order: int) -> Enclosure:
    """Stretches (n,) of pieces as polynomials of s in [-1, 1], from u = begin to end.

    The k-th coefficient is h^k / k! times the k-th derivative in the middle, by differences of control points.
    """
    made, doubt = [], []
    for which, low, high in zip(number.tolist(), begin.tolist(), end.tolist(), strict=True):
        points = pieces[which].points
        degree = len(points) - 1
        middle = (low + high) / 2
        half = wider((high - low) / 2)
        rows, sizes = [], torch.zeros_like(points[0])
        differences, largest = points, points.abs()
        for power in range(degree + 1):
            factor = math.comb(degree, power) * half**power
            weights = bernstein(degree - power, points.new_tensor([middle]))[0].to(points)
            rows.append(factor * torch.tensordot(weights, differences, dims=1))
            sizes = sizes + factor * torch.tensordot(weights, largest, dims=1)
            differences, largest = differences.diff(dim=0), largest[1:] + largest[:-1]
        stacked = torch.stack(rows)
        kept = torch.zeros((order + 1, *points.shape[1:]), dtype=points.dtype, device=points.device)
        kept[: min(order, degree) + 1] = stacked[: order + 1]
        made.append(kept)
        doubt.append(up(gamma(8 * degree + 8) * sizes + magnitude(stacked[order + 1 :])))
    return Enclosure(torch.stack(made, 1), torch.stack(doubt))
