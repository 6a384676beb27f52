"""Mesh: what is known of one surface: losses at the nodes of ever finer lattices, and where to look next.

All lattices share one array: a node of level l stands at every 2^(finest - l)-th place of the finest one.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]

COARSE, FINE = 0.5, 0.25  # how far the loss may rise in a cell, in bends at its corners: a kink at worst, or a curve


class Mesh:
    """What is known of one surface.

    Attributes:
        value: losses on a scale on which they change evenly, at the nodes of the finest lattice; NaN where unknown.
        loss: the losses themselves.
        strange: where another class than the target is predicted, of what is known.
        held: nodes that are not to be moved.
        pushed: nodes that are to be moved although they are low: something beside them is not.
        points: places (u, v) that must be looked at closely.
    """

    def __init__(self, first: int, finest: int, *, free: bool) -> None:
        self.first, self.finest = first, finest
        size = 2**finest + 1
        self.value, self.loss = np.full((size, size), np.nan), np.full((size, size), np.nan)
        self.held, self.strange = np.zeros((size, size), bool), np.zeros((size, size), bool)
        if not free:
            self.held[[0, -1]] = self.held[:, [0, -1]] = True
        self.held[np.ix_([0, -1], [0, -1])] = True
        self.stale, self.pushed = np.zeros((size, size), bool), np.zeros((size, size), bool)
        self.points: list[tuple[float, float]] = []
        self._flags = np.zeros((0, 0), bool)

    def stride(self, level: int) -> int:
        """Places of the finest lattice between neighbours of a level."""
        return int(2 ** (self.finest - level))

    def wanted(self, level: int) -> tuple[Numbers, Numbers]:
        """Nodes of a level (m,) that are to be looked at: of cells that were found worth it, and what was moved along.

        At the first level these are all nodes.
        """
        step = self.stride(level)
        unknown = np.isnan(self.value[::step, ::step])
        if level == self.first:
            asked = unknown
        else:
            inside = np.kron(self._flags, np.ones((2, 2), bool))
            near = np.zeros_like(unknown)
            for a in (slice(0, -1), slice(1, None)):
                for b in (slice(0, -1), slice(1, None)):
                    near[a, b] |= inside
            asked = unknown & (near | self.stale[::step, ::step])
        i, j = np.nonzero(asked)
        return i.astype(np.int64), j.astype(np.int64)

    def set(self, level: int, i: Numbers, j: Numbers, loss: Floats, value: Floats, strange: Flags) -> None:
        """What was seen at nodes of a level."""
        step = self.stride(level)
        self.strange[i * step, j * step] = strange
        self.loss[i * step, j * step], self.value[i * step, j * step] = loss, value
        self.stale[i * step, j * step] = False

    def moved(self, level: int, i: int, j: int) -> None:
        """A node was moved: finer nodes around it were moved along, and are no longer known."""
        step = self.stride(level)
        rows = slice(max(0, i * step - step + 1), i * step + step)
        columns = slice(max(0, j * step - step + 1), j * step + step)
        own = self.loss[i * step, j * step], self.value[i * step, j * step]
        self.stale[rows, columns] |= ~np.isnan(self.value[rows, columns])
        self.loss[rows, columns] = self.value[rows, columns] = np.nan
        self.loss[i * step, j * step], self.value[i * step, j * step] = own
        self.stale[i * step, j * step] = False

    @staticmethod
    def beside(nodes: Flags) -> tuple[Numbers, Numbers]:
        """Cells (m,) of a level that have one of its nodes as a corner."""
        i, j = np.nonzero(_at_corners(nodes))
        return i.astype(np.int64), j.astype(np.int64)

    def high(self, level: int, limit: float) -> tuple[Numbers, Numbers]:
        """Nodes of a level above a limit, or pushed, that may be moved (m,)."""
        step = self.stride(level)
        with np.errstate(invalid="ignore"):
            above = (self.loss > limit) | self.pushed
        above = above[::step, ::step] & ~self.held[::step, ::step]
        i, j = np.nonzero(above)
        return i.astype(np.int64), j.astype(np.int64)

    def push_around(self, high: Flags, level: int) -> None:
        """Marks the nodes of a level beside nodes of the next one that are too high."""
        step = self.stride(level)
        self.pushed[:] = False
        for i, j in zip(*np.nonzero(high), strict=True):
            low = (max(0, i - step), max(0, j - step))
            near = np.zeros_like(self.pushed)
            near[low[0] : i + step + 1, low[1] : j + step + 1] = True
            self.pushed[::step, ::step] |= near[::step, ::step] & ~np.isnan(self.loss[::step, ::step])

    def look_closer(self, level: int, limit: float, touched: Flags) -> bool:
        """Finds the cells of a level in which the loss may be above a limit; whether there are any.

        These are cells whose corners were moved, cells with a point that must be looked at, and those in which the
        bends of the loss at the corners leave room for as much.

        Args:
            level: of the cells.
            limit: on the even scale.
            touched: nodes of the level that were moved (2^level + 1, 2^level + 1).
        """
        step = self.stride(level)
        known = ~np.isnan(self.value[::step, ::step])
        whole = known[:-1, :-1] & known[1:, :-1] & known[:-1, 1:] & known[1:, 1:]
        values = self._filled(level)
        bend = np.zeros_like(values)
        for axis in (0, 1):
            turn = np.maximum(-np.diff(values, n=2, axis=axis), 0.0)
            pad = [(0, 0), (0, 0)]
            pad[axis] = (1, 1)
            bend += np.pad(turn, pad, mode="edge")
        reach = COARSE if level == self.first else FINE
        hope = _corners(values) + reach * _corners(bend)
        flags = whole & ((hope > limit) | _at_corners(touched))
        cells = 2**level
        for u, v in self.points:
            a, b = min(int(u * cells), cells - 1), min(int(v * cells), cells - 1)
            flags[a, b] = flags[a, b] or whole[a, b]
        self._flags = flags
        return bool(flags.any())

    @property
    def class_kept(self) -> bool:
        """Whether the target is predicted at all nodes that are known."""
        return not bool((self.strange & ~np.isnan(self.loss)).any())

    def seen(self) -> tuple[Floats, Floats, Floats]:
        """Places u and v of all that is known, and the losses there (m,)."""
        i, j = np.nonzero(~np.isnan(self.loss))
        size = 2**self.finest
        return i / size, j / size, self.loss[i, j]

    def _filled(self, level: int) -> Floats:
        """Values at all nodes of a level; what is not known lies between coarser ones."""
        step = self.stride(self.first)
        values = self.value[::step, ::step]
        for finer in range(self.first + 1, level + 1):
            values = _between(values)
            step = self.stride(finer)
            known = self.value[::step, ::step]
            values = np.where(np.isnan(known), values, known)
        return values


def _between(values: Floats) -> Floats:
    """Values on a lattice twice as fine."""
    size = 2 * len(values) - 1
    finer = np.empty((size, size))
    finer[::2, ::2] = values
    finer[1::2, ::2] = (values[:-1] + values[1:]) / 2
    finer[:, 1::2] = (finer[:, :-2:2] + finer[:, 2::2]) / 2
    return finer


def _corners(values: Floats) -> Floats:
    """The highest of the values at the four corners of each cell."""
    highest: Floats = np.maximum(
        np.maximum(values[:-1, :-1], values[1:, :-1]), np.maximum(values[:-1, 1:], values[1:, 1:])
    )
    return highest


def _at_corners(nodes: Flags) -> Flags:
    """Which cells have one of some nodes as a corner."""
    return nodes[:-1, :-1] | nodes[1:, :-1] | nodes[:-1, 1:] | nodes[1:, 1:]
