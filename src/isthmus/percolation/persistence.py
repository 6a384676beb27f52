"""persistence: the basins of a field: below which level each begins, and at which it joins a deeper one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isthmus._core.given import numbers_of
from isthmus.errors import InputError
from isthmus.percolation.compiled import compiled
from isthmus.percolation.joining import root_of
from isthmus.percolation.lattice import Lattice

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Basins:
    """Persistence of dimension 0 of the sets below a level (Edelsbrunner et al. 2002), the longest-lived first.

    Attributes:
        begins: value of the lowest point of each basin (basins,).
        ends: level at which it joins a basin with a lower point (basins,); infinite for the lowest of all.
    """

    begins: Array
    ends: Array

    def count(self, level: float) -> int:
        """Components of the set of values at or below a level."""
        return int(((self.begins <= level) & (self.ends > level)).sum())


def persistence(values: Array) -> Basins:
    """The basins of a field on a grid, neighbours being one step along one axis apart.

    Of equal values the one with the lower index counts as lower; basins without depth are left out.

    Raises:
        InputError: values that are not finite.
    """
    values = numbers_of("values", values).numpy()
    if not np.isfinite(values).all():
        raise InputError(f"{int((~np.isfinite(values)).sum())} values are not finite; basins need a number everywhere.")
    lattice = Lattice(values.shape)
    shape, strides = lattice.axes
    flat = values.ravel()
    order = np.argsort(flat, kind="stable")
    ends = np.full(lattice.sites, np.inf)
    basins = np.zeros(lattice.sites, dtype=np.bool_)
    _join(flat, order, shape, strides, np.full(lattice.sites, lattice.sites, dtype=np.int64), ends, basins)
    places = np.flatnonzero(basins)
    begins, stops = flat[places], ends[places]
    ranked = np.argsort(-(stops - begins), kind="stable")
    return Basins(begins[ranked], stops[ranked])


@compiled
def _join(values: Array, order: Array, shape: Array, strides: Array, parent: Array, ends: Array, basins: Array) -> None:
    """Opens sites in order; a root is the lowest site of its cluster here, whatever the sizes."""
    rank = np.empty(parent.size, dtype=np.int64)
    for count in range(order.size):
        site = order[count]
        rank[site] = count
        parent[site] = -1
        basins[site] = True
        for axis in range(shape.size):
            place = (site // strides[axis]) % shape[axis]
            for high in range(2):
                if place == (shape[axis] - 1 if high else 0):
                    continue
                near = site + strides[axis] if high else site - strides[axis]
                if parent[near] == parent.size:
                    continue
                root, other = root_of(parent, site), root_of(parent, near)
                if root == other:
                    continue
                if rank[root] < rank[other]:
                    root, other = other, root
                parent[root] = other
                ends[root] = values[site]
                if values[root] == values[site]:
                    basins[root] = False
