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
TIES = 0  # seed of the order of equal values


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
    def order(self) -> Array:
        """Points from the lowest to the highest; equal values in random order, always the same, since any other would
        open them side by side.
        """
        flat = self.values.ravel()
        return np.lexsort((np.random.default_rng(TIES).random(flat.size), flat))

    @property
    def ranks(self) -> Array:
        """Place of every point in that order, between 0 and 1 (the grid's shape)."""
        found = np.empty(self.values.size)
        found[self.order] = (np.arange(self.values.size) + 0.5) / self.values.size
        return found.reshape(self.values.shape)

    @property
    def tied(self) -> float:
        """Share of the points whose value another point has too."""
        _, place, counts = np.unique(self.values, return_inverse=True, return_counts=True)
        return float((counts[place] > 1).mean())

    @cached_property
    def sweep(self) -> Sweep:
        """All levels at once: points open in the order of their values."""
        return sweep(Lattice(self.values.shape), order=self.order)

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
        opened[self.order[: int(self._opened(share))]] = True
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
