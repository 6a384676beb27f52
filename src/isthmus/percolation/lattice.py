"""Lattice: the hypercubic lattice in 1 to 13 dimensions, with free or periodic boundaries."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from isthmus._core.annotated import as_annotated
from isthmus.errors import InputError

Array = np.ndarray[Any, np.dtype[Any]]
Kind = Literal["site", "bond"]
MOST_DIMENSIONS, MOST_SITES = 13, 2**31 - 2
SMALL = 2**26  # bytes that every machine has


@as_annotated
@dataclass(frozen=True)
class Lattice:
    """Sites at whole coordinates; nearest neighbours, one step along one axis apart, are joined by a bond.

    Attributes:
        shape: number of sites along each axis.
        periodic: whether the last site of an axis is a neighbour of the first (a torus, with equal sides of at least
            3), or has no neighbour beyond (free).

    Raises:
        InputError: a shape that is none, or more than 13 axes or 2^31 - 2 sites.
    """

    shape: tuple[int, ...]
    periodic: bool = False

    def __post_init__(self) -> None:
        sides: Any = self.shape
        whole = isinstance(sides, tuple | list)
        if not whole or not all(isinstance(side, int | np.integer) and not isinstance(side, bool) for side in sides):
            raise InputError(f"The shape of a lattice is a tuple of whole numbers, as (64, 64), got {self.shape!r}.")
        if not 1 <= len(self.shape) <= MOST_DIMENSIONS:
            raise InputError(f"A lattice has 1 to {MOST_DIMENSIONS} dimensions, got {len(self.shape)}.")
        if min(self.shape) < 1:
            raise InputError(f"Every side of a lattice needs at least one site, got {self.shape}.")
        if self.periodic and (min(self.shape) < 3 or len(set(self.shape)) > 1):
            raise InputError(f"A periodic lattice needs equal sides of at least 3 sites, got {self.shape}.")
        if self.sites > MOST_SITES:
            raise InputError(
                f"{self.sites:.3g} sites are more than this program can count ({MOST_SITES:.3g}); take a smaller "
                "side, or threshold(...), which grows single clusters and stores no lattice."
            )

    @classmethod
    def cube(cls, dimension: int, side: int, *, periodic: bool = False) -> Lattice:
        """The lattice of `side` sites along each of `dimension` axes."""
        if isinstance(dimension, bool) or not isinstance(dimension, int | np.integer) or dimension < 1:
            raise InputError(f"A lattice has 1 to {MOST_DIMENSIONS} dimensions, got {dimension!r}.")
        return cls((side,) * dimension, periodic=periodic)

    @classmethod
    def under(cls, is_open: Array, *, periodic: bool = False) -> Lattice:
        """The lattice whose sites are the entries of a boolean array."""
        if not isinstance(is_open, np.ndarray) or is_open.dtype != np.bool_:
            got = is_open.dtype if isinstance(is_open, np.ndarray) else type(is_open).__name__
            raise InputError(f"is_open must be an array of booleans, got {got}; compare with a level first.")
        return cls(is_open.shape, periodic)

    @property
    def dimension(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def sites(self) -> int:
        """Number of sites."""
        return math.prod(self.shape)

    @property
    def bonds(self) -> int:
        """Number of bonds."""
        if self.periodic:
            return self.dimension * self.sites
        return sum(self.sites // side * (side - 1) for side in self.shape)

    def count(self, kind: Kind) -> int:
        """Number of sites or of bonds."""
        return self.sites if kind == "site" else self.bonds

    @property
    def axes(self) -> tuple[Array, Array]:
        """Shape and strides, as compiled loops take them."""
        return np.array(self.shape, dtype=np.int64), np.array(self.strides, dtype=np.int64)

    @property
    def strides(self) -> tuple[int, ...]:
        """How far apart the indices of neighbours along each axis are; the last axis varies fastest."""
        return tuple(math.prod(self.shape[axis + 1 :]) for axis in range(self.dimension))

    def sweep_bytes(self, kind: Kind) -> int:
        """Memory that a sweep takes: order, clusters and the three curves."""
        index = 4 if self.dimension * self.sites < 2**31 else 8
        return self.count(kind) * (2 * index + 24) + self.sites * (12 if self.periodic else 8)


def check_memory(needed: int, what: str) -> None:
    """Refuses work that would not fit the memory, before it starts.

    Raises:
        InputError: with the estimate.
    """
    free = free_memory() if needed > SMALL else None
    if free is not None and needed > free:
        raise InputError(
            f"{what} would take about {needed / 2**30:.3g} GiB, and {free / 2**30:.3g} GiB are free; "
            "take fewer points along each axis, or fewer dimensions."
        )


def free_memory() -> int | None:
    """Bytes of memory that can be had, where the system tells."""
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        for line in meminfo.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return 1024 * int(line.split()[1])
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):  # not every system has these names
        return None
