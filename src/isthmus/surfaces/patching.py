"""patching: the bilinear patches that a surface is made of, each as large as it can be."""

from __future__ import annotations

import torch

from isthmus.certificates.taylor.patches import Patch
from isthmus.certificates.taylor.rounding import gamma
from isthmus.errors import InputError
from isthmus.surfaces.loops import Quadrilateral
from isthmus.surfaces.surface import Surface

ROUNDINGS = 1024  # of a point, relative to the magnitudes that it is summed up from: far more than there are


def patches_of(surface: Surface) -> list[Patch]:
    """The patches of a surface in a quadrilateral: cells of lattices on which no finer hat lies.

    Raises:
        InputError: the plain surface in its loop is not bilinear.
    """
    loop = surface.loop
    if not isinstance(loop, Quadrilateral):
        raise InputError(
            f"Taylor models are taken of surfaces between four corners; between paths that are held, as in this "
            f"{loop.kind}, the plain surface is no polynomial."
        )
    exact = Surface(Quadrilateral(loop.corners.double()), surface.nodes, surface.moves.double())
    sizes = Surface(Quadrilateral(loop.corners.double().abs()), surface.nodes, surface.moves.double().abs())
    cells = _cells(surface.nodes.tolist())
    level, i, j = torch.tensor(cells, dtype=torch.float64).T
    side = 2.0**-level
    u = torch.stack([i * side, (i + 1) * side, i * side, (i + 1) * side], 1).flatten()
    v = torch.stack([j * side, j * side, (j + 1) * side, (j + 1) * side], 1).flatten()
    corners, magnitudes = (each.at(u, v).reshape(len(cells), 4, *loop.corners.shape[1:]) for each in (exact, sizes))
    doubts = gamma(ROUNDINGS) * magnitudes.amax(1)
    low = torch.stack([i * side, j * side], 1)
    parts = zip(corners, doubts, low, side.tolist(), strict=True)
    return [Patch(points, doubt, place, length) for points, doubt, place, length in parts]


def _cells(nodes: list[list[int]]) -> list[tuple[int, int, int]]:
    """Level, i and j of the largest cells that hold no part of a hat of a finer level."""
    finer: set[tuple[int, int, int]] = set()  # cells that do
    for level, i, j in nodes:
        around = {(i + di, j + dj) for di in (-1, 0) for dj in (-1, 0)}
        inside = {(a, b) for a, b in around if 0 <= a < 2**level and 0 <= b < 2**level}
        for above in range(1, level + 1):
            finer |= {(level - above, a >> above, b >> above) for a, b in inside}
    found, open_ = [], [(0, 0, 0)]
    while open_:
        level, i, j = open_.pop()
        if (level, i, j) in finer:
            open_ += [(level + 1, 2 * i + di, 2 * j + dj) for dj in (1, 0) for di in (1, 0)]
        else:
            found.append((level, i, j))
    return found
