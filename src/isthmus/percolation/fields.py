"""Field: values on a grid, and how the points below a level hang together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from isthmus.errors import InputError
from isthmus.percolation.lattice import Lattice
from isthmus.percolation.sweep import Sweep, sweep

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Field:
    """A number at every point of a grid, such as the loss on a slice of input space.

    Attributes:
        values: finite, of 1 to 13 dimensions.

    Raises:
        InputError: values that are not finite, or a single point.
    """

    values: Array

    def __post_init__(self) -> None:
        if not np.isfinite(self.values).all():
            raise InputError(f"{int((~np.isfinite(self.values)).sum())} values of the field are not finite.")
        if self.values.size < 2:
            raise InputError(f"A field needs two points at least, got shape {self.values.shape}.")

    @cached_property
    def sweep(self) -> Sweep:
        """All levels at once: points open in the order of their values."""
        order = np.argsort(self.values.ravel(), kind="stable")
        return sweep(Lattice(self.values.shape), order=order)

    def connection(self, share: Array | float) -> Array:
        """Share of the pairs of open points that are connected, where the given shares of all points are open."""
        return np.asarray(self.sweep.connection[self._opened(share)])

    def largest(self, share: Array | float) -> Array:
        """Share of the open points in the largest cluster, likewise."""
        return np.asarray(self.sweep.largest_share[self._opened(share)])

    def components(self, share: Array | float) -> Array:
        """Number of clusters, likewise."""
        return np.asarray(self.sweep.clusters[self._opened(share)])

    @property
    def critical_share(self) -> float:
        """Share of the points that are open when a cluster first spans an axis, mean over the axes."""
        return float(self.sweep.crossed.mean() / self.values.size)

    def below(self, share: float) -> Array:
        """The points that are open where that share of them is (the grid's shape)."""
        opened = np.zeros(self.values.size, dtype=np.bool_)
        opened[np.argsort(self.values.ravel(), kind="stable")[: int(self._opened(share))]] = True
        return opened.reshape(self.values.shape)

    def coarser(self) -> Field:
        """Every second point along each axis."""
        return Field(np.ascontiguousarray(self.values[tuple(slice(None, None, 2) for _ in self.values.shape)]))

    def _opened(self, share: Array | float) -> Array:
        share = np.asarray(share, dtype=float)
        if not ((share >= 0) & (share <= 1)).all():
            raise InputError(
                f"The share of open points must lie in [0, 1], got {share.min():.4g} to {share.max():.4g}."
            )
        return np.asarray(np.rint(share * self.values.size).astype(np.int64))
