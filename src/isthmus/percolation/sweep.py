"""sweep: opens one site (or bond) after the other, so that one pass gives every share of open sites.

The algorithm is that of Newman and Ziff (2001). Opened in random order, a sweep is a sample of independent percolation
for every p at once; opened in the order of a field's values, it gives the clusters below every level of the field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isthmus._core.annotated import as_annotated
from isthmus._core.given import shown
from isthmus._core.random import numpy_generator
from isthmus.errors import InputError
from isthmus.percolation.joining import open_bonds, open_sites, open_torus
from isthmus.percolation.lattice import Kind, Lattice, check_memory

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, eq=False)
class Sweep:
    """Clusters after 0, 1, 2, ... sites (or bonds) were opened.

    Attributes:
        lattice: on which.
        kind: "site" or "bond".
        largest: size of the largest cluster, in sites (opened + 1,).
        squares: sum of the squared sizes of all clusters (opened + 1,).
        clusters: number of clusters (opened + 1,).
        crossed: for each axis, how many were open when a cluster first spanned it (free boundaries: touched both faces)
            or wrapped around it (periodic ones); -1 where none ever did (dimension,).
    """

    lattice: Lattice
    kind: Kind
    largest: Array
    squares: Array
    clusters: Array
    crossed: Array

    @property
    def open_sites(self) -> Array:
        """How many sites are open (opened + 1,); with bonds, all are."""
        opened = np.arange(len(self.largest))
        return opened if self.kind == "site" else np.full_like(opened, self.lattice.sites)

    @property
    def connection(self) -> Array:
        """Share of the pairs of open sites that lie in one cluster (opened + 1,); NaN below two open sites."""
        number = self.open_sites.astype(float)
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Array = np.where(number < 2, np.nan, (self.squares - number) / (number * (number - 1)))
        return found

    @property
    def largest_share(self) -> Array:
        """Share of the open sites in the largest cluster (opened + 1,); NaN while none is open."""
        with np.errstate(invalid="ignore", divide="ignore"):
            found: Array = self.largest / np.where(self.open_sites == 0, np.nan, self.open_sites)
        return found


@as_annotated
def sweep(lattice: Lattice, *, kind: Kind = "site", order: Array | None = None, seed: int | Sequence[int] = 0) -> Sweep:
    """Opens sites or bonds one after the other.

    Args:
        lattice: on which.
        kind: "site", or "bond" between sites that are all open.
        order: indices of the sites, or numbers a * sites + i of the bonds from site i one step up axis a; by default
            all of them, in random order. Those that are not named stay closed.
        seed: of the random order; a number, or several.

    Raises:
        InputError: an order with repeated, unknown or missing bonds or sites, or a lattice that does not fit memory.
    """
    return swept(lattice, kind, order, seed)[0]


def first_crossings(lattice: Lattice, *, kind: Kind, seed: int | Sequence[int]) -> Array:
    """`crossed` of a sweep over a torus, which ends there."""
    return swept(lattice, kind, None, seed, until_crossed=True)[0].crossed


def swept(
    lattice: Lattice, kind: Kind, order: Array | None, seed: int | Sequence[int], *, until_crossed: bool = False
) -> tuple[Sweep, Array]:
    """The sweep, and what its loop leaves: the parent of every site."""
    if kind not in ("site", "bond"):
        raise InputError(f"kind must be site or bond, got {kind!r}.")
    check_memory(lattice.sweep_bytes(kind), f"A sweep over {lattice.count(kind):,} {kind}s")
    order = random_order(lattice, kind, numpy_generator(seed)) if order is None else _checked(order, lattice, kind)
    sites, opened = lattice.sites, len(order)
    shape, strides = lattice.axes
    parent = np.full(sites, sites, dtype=np.int32)
    largest, squares, clusters = (np.zeros(opened + 1, dtype=np.int64) for _ in range(3))
    if kind == "bond":
        largest[0], squares[0], clusters[0] = 1, sites, sites
    crossed = np.full(lattice.dimension, -1, dtype=np.int64)
    if lattice.periodic:
        ways = np.zeros(sites, dtype=np.int64)
        open_torus(order, shape, strides, kind == "bond", until_crossed, _base(lattice), parent, ways, largest,
                   squares, clusters, crossed)  # fmt: skip
    else:
        faces = np.zeros(sites, dtype=np.int32)
        loop = open_bonds if kind == "bond" else open_sites
        loop(order, shape, strides, parent, faces, largest, squares, clusters, crossed)
    return Sweep(lattice, kind, largest, squares, clusters, crossed), parent


def random_order(lattice: Lattice, kind: Kind, generator: np.random.Generator) -> Array:
    """All sites, or all bonds, in random order."""
    if kind == "site":
        order = np.arange(lattice.sites, dtype=np.int32)
    else:
        dtype = np.int32 if lattice.dimension * lattice.sites < 2**31 else np.int64
        order = np.arange(lattice.dimension * lattice.sites, dtype=dtype)
        if not lattice.periodic:
            order = order[_exists(order, lattice)]
    generator.shuffle(order)
    return order


def _exists(bonds: Array, lattice: Lattice) -> Array:
    """Which bonds lead to another site where boundaries are free."""
    axis, site = bonds // lattice.sites, bonds % lattice.sites
    shape, strides = np.array(lattice.shape), np.array(lattice.strides)
    found: Array = (site // strides[axis]) % shape[axis] < shape[axis] - 1
    return found


def _checked(given: object, lattice: Lattice, kind: Kind) -> Array:
    try:
        order = np.asarray(given)
    except (TypeError, ValueError) as error:
        raise InputError(f"order must be a list of {kind}s by number, got {shown(given)}.") from error
    most = lattice.sites if kind == "site" else lattice.dimension * lattice.sites
    if order.ndim != 1 or order.dtype.kind not in "iu":
        raise InputError(f"order must be a list of {kind}s by number, got {order.dtype} of shape {order.shape}.")
    if len(order) and (order.min() < 0 or order.max() >= most):
        raise InputError(f"order must hold numbers from 0 to {most - 1}, got {order.min()} to {order.max()}.")
    seen = np.zeros(most, dtype=np.bool_)
    seen[order] = True
    if np.count_nonzero(seen) < len(order):
        raise InputError(f"order must hold every {kind} once at most, and some stand there twice.")
    if kind == "bond" and not lattice.periodic and not _exists(order, lattice).all():
        raise InputError("order holds bonds that would lead out of the lattice; with free boundaries there are none.")
    return order.astype(np.int64 if lattice.dimension * lattice.sites >= 2**31 else np.int32)


def _base(lattice: Lattice) -> int:
    """To which base displacements are written: as large as 61 bits allow, since none is longer than all sites."""
    bits = 61 - lattice.sites.bit_length()
    return 1 << (min(bits, bits // max(1, lattice.dimension - 1)))
