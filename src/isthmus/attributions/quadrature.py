"""Quadrature: the integral of a gradient along the pieces of a path.

How far it is off is known for nothing: what the gradients of an output along an interval add up to is the difference of
the output at its ends. Where the gradient is smooth, many nodes of Gauss and Legendre on a whole piece are unbeatable,
and the error falls with each doubling by orders of magnitude. Where it jumps, as with ReLU, no order helps: short
intervals with few nodes do, cut where they are worst.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from isthmus._core.shapes import Inputs, Vertices
from isthmus.attributions.curve import at, velocity

FIRST = 16  # nodes on a whole piece
FALLS = 30.0  # times, or more, with a doubling of the nodes: the gradient is smooth
NODES = 2  # on a short interval
SHORT = 16  # intervals of a piece at first, where it is not smooth
NARROWEST = 1e-6  # of a piece
Values = Callable[[Inputs], Tensor]
Gradients = Callable[[Inputs], Tensor]


@dataclass(frozen=True, eq=False)
class Integral:
    """An integral over some intervals.

    Attributes:
        values: by number of the input (*input).
        gradients, parts: how many.
    """

    values: Tensor
    gradients: int
    parts: int


def integrated(
    pieces: list[Vertices], value: Values, gradient: Gradients, tolerance: float, most: int, at_once: int
) -> Integral:
    """The integral of the gradient along pieces of a path.

    Args:
        pieces: control points of each.
        value: of the output at inputs (m, *input), in float64 (m,).
        gradient: of the output there (m, *input).
        tolerance: how far sum and difference may be apart, over all intervals.
        most: gradients.
        at_once: inputs that are evaluated together.
    """
    whole = torch.tensor([[float(number), 0.0, 1.0] for number in range(len(pieces))], dtype=torch.float64)
    gradients, count, before = 0, FIRST, float("inf")
    while gradients + count * len(pieces) <= most:
        found, errors = _on_intervals(pieces, whole, value, gradient, count, at_once)
        gradients += count * len(pieces)
        error = float(errors.sum())
        if error <= tolerance:
            return Integral(found.sum(0), gradients, len(pieces))
        if error > before / FALLS:
            break
        count, before = 2 * count, error
    edges = torch.linspace(0, 1, SHORT + 1, dtype=torch.float64)
    ahead = torch.cat(
        [torch.stack([edges[:-1] * 0 + number, edges[:-1], edges[1:]], 1) for number in range(len(pieces))]
    )
    if gradients and gradients + NODES * len(ahead) > most:  # the best that could be afforded
        return Integral(found.sum(0), gradients, len(pieces))
    kept: list[tuple[float, Tensor, Tensor]] = []  # error, interval, values: the worst may still be cut
    while len(ahead):
        found, errors = _on_intervals(pieces, ahead, value, gradient, NODES, at_once)
        gradients += NODES * len(ahead)
        kept += zip(errors.tolist(), ahead, found, strict=True)
        ahead = _worst(kept, tolerance, (most - gradients) // NODES)
    total = torch.zeros_like(pieces[0][0])
    for _, _, values in kept:
        total = total + values
    return Integral(total, gradients, len(kept))


def _on_intervals(
    pieces: list[Vertices], rows: Tensor, value: Values, gradient: Gradients, count: int, at_once: int
) -> tuple[Tensor, Tensor]:
    """Integrals over intervals (n, 3), number of the piece, begin and end; and how far each is off."""
    parts = [
        _together(pieces, some, value, gradient, count) for some in torch.split(rows, max(1, 4 * at_once // count))
    ]
    found, errors = zip(*parts, strict=True)
    return torch.cat(found), torch.cat(errors)


def _together(
    pieces: list[Vertices], rows: Tensor, value: Values, gradient: Gradients, count: int
) -> tuple[Tensor, Tensor]:
    nodes, weights = (torch.from_numpy(each) / 2 for each in np.polynomial.legendre.leggauss(count))
    nodes = nodes + 0.5
    shape = pieces[0].shape[1:]
    width = rows[:, 2:] - rows[:, 1:2]
    u = rows[:, 1:2] + width * nodes
    points, speeds, ends = (torch.empty((len(rows), size, *shape)).to(pieces[0]) for size in (count, count, 2))
    for number in sorted(set(rows[:, 0].int().tolist())):
        mine = rows[:, 0] == number
        each = (int(mine.sum()), count, *shape)
        points[mine] = at(pieces[number], u[mine].flatten()).reshape(each)
        speeds[mine] = velocity(pieces[number], u[mine].flatten()).reshape(each)
        ends[mine] = at(pieces[number], rows[mine, 1:].flatten()).reshape(-1, 2, *shape)
    share = (width * weights).to(speeds).reshape(len(rows), count, *(1,) * len(shape))
    found = (gradient(points.flatten(0, 1)).reshape(points.shape) * speeds * share).sum(1)
    there = value(ends.flatten(0, 1)).reshape(-1, 2)
    errors = (found.flatten(1).sum(1) - (there[:, 1] - there[:, 0]).to(found)).abs()
    return found, errors.cpu()


def _worst(kept: list[tuple[float, Tensor, Tensor]], tolerance: float, affordable: int) -> Tensor:
    """Halves of the intervals that are to be cut next, which are taken out: the worst, down to where all others
    together are good enough. Errors have either sign, so it is their squares that add up.
    """
    kept.sort(key=lambda each: -each[0])
    rest = sum(error**2 for error, _, _ in kept)
    chosen: list[Tensor] = []
    for error, row, _ in kept:
        if rest <= (tolerance / 2) ** 2 or 2 * (len(chosen) + 1) > affordable or float(row[2] - row[1]) < NARROWEST:
            break
        rest -= error**2
        chosen.append(row)
    del kept[: len(chosen)]
    halves = []
    for number, begin, end in (row.tolist() for row in chosen):
        middle = (begin + end) / 2
        halves += [[number, begin, middle], [number, middle, end]]
    return torch.tensor(halves, dtype=torch.float64).reshape(-1, 3)
