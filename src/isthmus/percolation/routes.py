"""routes: how long the shortest way through open sites is, beside the straight one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isthmus._core.annotated import as_annotated
from isthmus._core.random import numpy_generator
from isthmus.errors import InputError
from isthmus.percolation.compiled import compiled
from isthmus.percolation.lattice import Lattice

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Routes:
    """Pairs of open sites, and the ways between them.

    Attributes:
        steps: steps of the shortest way through open sites (pairs,); -1 where there is none.
        straight: steps of the shortest way if all sites were open (pairs,).
        distance: Euclidean distance of the two, in steps (pairs,).
        opened: how many sites are open.
    """

    steps: Array
    straight: Array
    distance: Array
    opened: int

    @property
    def connected(self) -> float:
        """Share of the pairs that an open way connects."""
        return float((self.steps >= 0).mean()) if len(self.steps) else float("nan")

    @property
    def detour(self) -> Array:
        """Steps over those of the shortest lattice way of each connected pair; 1 where it is as short as can be."""
        known = self.steps >= 0
        found: Array = self.steps[known] / self.straight[known]
        return found

    @property
    def stretch(self) -> Array:
        """Steps over Euclidean distance of each connected pair: up to the root of the dimension even where all is
        open.
        """
        known = self.steps >= 0
        found: Array = self.steps[known] / self.distance[known]
        return found


@as_annotated
def routes(is_open: Array, *, pairs: int, seed: int = 0) -> Routes:
    """Shortest ways between random pairs of distinct open sites of a grid with free boundaries.

    Args:
        is_open: a boolean array.
        pairs: how many; several share one end, eight at most.
        seed: of the draw.

    Raises:
        InputError: an array that is not boolean.
    """
    if pairs < 0:
        raise InputError(f"pairs must be a whole number >= 0, got {pairs}.")
    lattice = Lattice.under(is_open)
    shape, strides = lattice.axes
    numbers = np.flatnonzero(is_open)
    steps: list[int] = []
    straight: list[int] = []
    distance: list[float] = []
    random = numpy_generator(seed)
    while len(numbers) > 1 and len(steps) < pairs:
        start, *ends = random.choice(numbers, min(9, len(numbers), pairs - len(steps) + 1), replace=False).tolist()
        away = np.full(lattice.sites, -1, dtype=np.int32)
        _spread(is_open.ravel(), shape, strides, start, away, np.empty(len(numbers), dtype=np.int64))
        here = np.array(np.unravel_index(start, is_open.shape))
        for end in ends:
            steps.append(int(away[end]))
            apart = np.abs(np.array(np.unravel_index(end, is_open.shape)) - here)
            straight.append(int(apart.sum()))
            distance.append(float(np.sqrt((apart**2).sum())))
    return Routes(np.array(steps, dtype=np.int64), np.array(straight, dtype=np.int64), np.array(distance), len(numbers))


@compiled
def _spread(is_open: Array, shape: Array, strides: Array, start: int, away: Array, queue: Array) -> None:
    """Breadth first: how many steps away from the start every site is."""
    away[start], queue[0] = 0, start
    done, known = 0, 1
    while done < known:
        site = queue[done]
        done += 1
        for axis in range(shape.size):
            place = (site // strides[axis]) % shape[axis]
            for high in range(2):
                if place == (shape[axis] - 1 if high else 0):
                    continue
                near = site + strides[axis] if high else site - strides[axis]
                if is_open[near] and away[near] < 0:
                    away[near] = away[site] + 1
                    queue[known] = near
                    known += 1
