"""Surface: a map of the unit square into inputs: a plain surface in a loop, and hats on it.

A hat of level l at a node of the lattice with 2^l cells a side is 1 at that node and falls to 0, bilinearly, at its
neighbours: the hierarchical basis of finite elements (Yserentant 1986). So a surface is fine where it has to be, and
plain elsewhere, and has no cracks where fine and plain parts meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import numpy as np
import torch
from torch import Tensor

from isthmus._core.displayed import Plotted
from isthmus._core.geometry import expand_to, inner
from isthmus._core.given import numbers_of
from isthmus._core.shapes import Input, Inputs, Lattice, Parameters
from isthmus.errors import InputError
from isthmus.paths import Polyline
from isthmus.surfaces.loops import Loop


@final
class Surface(Plotted):
    """A map (u, v) -> x of the unit square into inputs, continuous, with its loop as the boundary.

    Args:
        loop: the boundary and the plain surface in it.
        nodes: level, i and j of each hat (k, 3).
        moves: by how much each moves the surface at its node (k, *input).
    """

    def __init__(self, loop: Loop, nodes: Lattice | None = None, moves: Inputs | None = None) -> None:
        self.loop = loop
        self._rows: dict[int, Tensor] = {}  # of a level: the row of the hat at each node, or -1
        self._nodes: list[tuple[int, int, int]] = []
        self._moves: list[Input] = []
        self._stacked: Inputs | None = None  # the moves in one tensor, until one is added
        if nodes is not None and moves is not None:
            for (level, i, j), move in zip(nodes.tolist(), moves, strict=True):
                self.move(level, i, j, move)

    def __repr__(self) -> str:
        levels = f", levels {min(self._rows)} to {max(self._rows)}" if self._rows else ""
        return f"Surface({self.loop.kind}, {len(self._nodes)} hats{levels})"

    @property
    def corners(self) -> Inputs:
        """The inputs at (u, v) = (0, 0), (1, 0), (0, 1), (1, 1): (4, *input)."""
        return self.loop.corners

    @property
    def nodes(self) -> Lattice:
        """Level, i and j of every hat (k, 3)."""
        return torch.tensor(self._nodes, dtype=torch.long).reshape(-1, 3)

    @property
    def moves(self) -> Inputs:
        """By how much each hat moves the surface at its node (k, *input)."""
        if self._stacked is None:
            self._stacked = torch.stack(self._moves) if self._moves else self.corners[:0]
        return self._stacked

    @property
    def flat(self) -> bool:
        """Whether nothing was moved."""
        return not self._nodes

    def move(self, level: int, i: int, j: int, by: Input) -> None:
        """Adds a hat; where there is one it grows."""
        self._stacked = None
        if level not in self._rows:
            self._rows[level] = torch.full((2**level + 1, 2**level + 1), -1, dtype=torch.long)
        row = int(self._rows[level][i, j])
        if row >= 0:
            self._moves[row] = self._moves[row] + by
            return
        self._rows[level][i, j] = len(self._nodes)
        self._nodes.append((level, i, j))
        self._moves.append(by)

    def at(self, u: float | Parameters, v: float | Parameters) -> Input:
        """The point at (u, v): (*input) for numbers, (m, *input) for tensors (m,); the corners bit for bit.

        Raises:
            InputError: u or v does not lie in [0, 1].
        """
        single = not np.ndim(u)
        across, up = (numbers_of(name, each).reshape(-1) for name, each in (("u", u), ("v", v)))
        across, up = across.expand(max(len(across), len(up))), up.expand(max(len(across), len(up)))
        for each in (across, up):
            if bool((~((each >= 0) & (each <= 1))).any()):
                raise InputError(
                    f"A surface is defined for u and v in [0, 1], got {float(each.min())} to {float(each.max())}."
                )
        x = self.loop.at(across, up)
        for level, rows in self._rows.items():
            x = self._with_hats(x, across * 2**level, up * 2**level, rows)
        return x[0] if single else x

    def _with_hats(self, x: Inputs, u: Parameters, v: Parameters, rows: Tensor) -> Inputs:
        """Points with the hats of one level added; u and v in cells of that level."""
        last = rows.shape[0] - 2
        left, low = u.floor().long().clamp(0, last), v.floor().long().clamp(0, last)
        right, high = u - left, v - low
        for i, j, weight in (
            (left, low, (1 - right) * (1 - high)),
            (left + 1, low, right * (1 - high)),
            (left, low + 1, (1 - right) * high),
            (left + 1, low + 1, right * high),
        ):
            row = rows[i, j]
            points = ((row >= 0) & (weight > 0)).nonzero()[:, 0]
            if len(points):
                hats = self.moves[row[points]]
                share = expand_to(weight[points].to(hats), hats)
                x = x.index_add(0, points.to(x.device), share * hats)
        return x

    def line(self, *, u: float | None = None, v: float | None = None, points: int = 129) -> Polyline:
        """The surface along a line of constant u or of constant v, through so many points: a path.

        Raises:
            InputError: not exactly one of the two is given.
        """
        if (u is None) == (v is None):
            raise InputError("line takes u or v: what stays the same along it.")
        free = torch.linspace(0, 1, points, dtype=torch.float64)
        fixed = torch.full_like(free, float(v if u is None else u))  # type: ignore[arg-type]
        return Polyline(self.at(fixed, free) if v is None else self.at(free, fixed))

    def area(self, cells: int = 32) -> float:
        """Area in squared data units, of triangles through a lattice with so many cells a side."""
        lattice = torch.linspace(0, 1, cells + 1, dtype=torch.float64)
        total, before = 0.0, None
        for v in lattice:
            row = self.at(lattice, v.expand(cells + 1)).double()
            if before is not None:
                total += _triangles(before[1:] - before[:-1], row[:-1] - before[:-1])
                total += _triangles(row[:-1] - row[1:], before[1:] - row[1:])
            before = row
        return total


def _triangles(one: Inputs, other: Inputs) -> float:
    """Sum of the areas of triangles with these two sides."""
    gram = inner(one, one) * inner(other, other) - inner(one, other) ** 2
    return float(gram.clamp_min(0).sqrt().sum()) / 2


def together(surfaces: Sequence[Surface], number: Tensor, u: Parameters, v: Parameters) -> Inputs:
    """Points of many surfaces (m, *input): at (u, v) on the surfaces numbered (m,)."""
    parts = [(each, (number == each).nonzero()[:, 0]) for each in torch.unique(number).tolist()]
    points = torch.cat([surfaces[each].at(u[rows], v[rows]) for each, rows in parts])
    return points[torch.cat([rows for _, rows in parts]).argsort()]
