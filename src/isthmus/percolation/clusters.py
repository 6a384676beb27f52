"""clusters_of: which open sites hang together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from isthmus._core.annotated import as_annotated
from isthmus.percolation.compiled import compiled
from isthmus.percolation.joining import root_of
from isthmus.percolation.lattice import Lattice
from isthmus.percolation.sweep import swept

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Clusters:
    """The clusters of open sites.

    Attributes:
        labels: number of the cluster of each site, from 1 in order of first appearance; 0 where closed.
        sizes: number of sites of cluster 1, 2, ...
        crossing: whether one cluster spans the axis, or wraps around it where boundaries are periodic (dimension,).
    """

    labels: Array
    sizes: Array
    crossing: Array

    @property
    def open_sites(self) -> int:
        """How many sites are open."""
        return int(self.sizes.sum())

    @property
    def connection(self) -> float:
        """Share of the pairs of open sites that lie in one cluster; NaN below two open sites."""
        number = self.open_sites
        return float((self.sizes * (self.sizes - 1)).sum() / (number * (number - 1))) if number > 1 else float("nan")

    @property
    def largest_share(self) -> float:
        """Share of the open sites in the largest cluster; NaN where none is open."""
        return float(self.sizes.max() / self.open_sites) if len(self.sizes) else float("nan")


@as_annotated
def clusters_of(is_open: Array, *, periodic: bool = False) -> Clusters:
    """The clusters of the open sites of a grid, neighbours being one step along one axis apart.

    Args:
        is_open: a boolean array of 1 to 13 dimensions.
        periodic: whether its opposite faces touch.

    Raises:
        InputError: an array that is not boolean, or a shape that is no lattice's.
    """
    lattice = Lattice.under(is_open, periodic=periodic)
    done, parent = swept(lattice, "site", np.flatnonzero(is_open), 0)
    labels = np.zeros(lattice.sites, dtype=np.int32)
    number = _label(parent, labels)
    sizes = np.bincount(labels, minlength=number + 1)[1:]
    return Clusters(labels.reshape(is_open.shape), sizes, done.crossed >= 0)


@compiled
def _label(parent: Array, labels: Array) -> int:
    number = 0
    for site in range(parent.size):
        if parent[site] == parent.size:
            continue
        root = root_of(parent, site)
        if labels[root] == 0:
            number += 1
            labels[root] = number
        labels[site] = labels[root]
    return number
