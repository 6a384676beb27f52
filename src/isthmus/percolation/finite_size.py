"""Thresholds from finite lattices: the p at which a cluster wraps around a torus as often as it does at criticality.

In two dimensions that probability is known exactly, in three it was measured, on other lattices too: it is universal.
The estimate of a finite side is off by a power that theory gives (Newman and Ziff 2001, Sec. IV; Wang et al. 2013).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from isthmus.percolation.lattice import Kind, Lattice
from isthmus.percolation.parallel import in_threads
from isthmus.percolation.sweep import first_crossings

Array = np.ndarray[Any, np.dtype[Any]]
STEPS = 33


@dataclass(frozen=True)
class Universal:
    """What is known of the transition in a dimension.

    Attributes:
        wrapping: probability at criticality that a cluster wraps around a given axis of a cubic torus.
        power: the estimate of side L is off by about L^-power.
    """

    wrapping: float
    power: float


UNIVERSAL = {
    2: Universal(0.521058290, 2.75),  # Pinson (1994), exact; 1/nu + 2 (Newman and Ziff 2001)
    3: Universal(0.25780, 2.34),  # Wang et al. (2013): 1/nu = 1.141, leading correction 1.2
}


def wrapping_counts(
    dimension: int, kind: Kind, side: int, *, runs: int, seed: int, workers: int, on_run: Callable[[], None]
) -> Array:
    """How many sites or bonds were open when a cluster first wrapped around each axis (runs, dimension)."""
    lattice = Lattice.cube(dimension, side, periodic=True)

    def one(number: int) -> Array:
        found = first_crossings(lattice, kind=kind, seed=(seed, dimension, side, int(kind == "bond"), number))
        on_run()
        return found

    return np.stack(in_threads(one, range(runs), workers))


def finite_size_threshold(dimension: int, kind: Kind, counts: Mapping[int, Array]) -> tuple[float, float]:
    """Threshold and standard error from the first wrappings on tori of several sides.

    Each side gives the p at which wrapping has its critical probability; p(L) = p_c + c L^-power is fitted to them.
    """
    known = UNIVERSAL[dimension]
    sides = np.array(sorted(counts))
    found, errors = zip(
        *(
            _where(Lattice.cube(dimension, int(side), periodic=True).count(kind), counts[int(side)], known.wrapping)
            for side in sides
        ),
        strict=True,
    )
    basis = np.stack([np.ones(len(sides)), (sides / sides[0]) ** -known.power], axis=1)
    weights = np.diag(1 / np.square(errors))
    covariance = np.linalg.inv(basis.T @ weights @ basis)
    return float((covariance @ basis.T @ weights @ found)[0]), float(np.sqrt(covariance[0, 0]))


def _where(number: int, counts: Array, wrapping: float) -> tuple[float, float]:
    """The p at which an axis is wrapped with that probability, and its standard error: that of the probability there,
    divided by its slope.
    """
    from scipy.stats import binom

    middle, width = counts.mean() / number, counts.std() / number
    p = np.linspace(middle - width, middle + width, STEPS)
    distinct, place = np.unique(counts, return_inverse=True)
    place = place.reshape(counts.shape)
    curve = np.array([binom.sf(distinct - 1, number, each)[place].mean() for each in p])
    found = float(np.interp(wrapping, curve, p))
    each = binom.sf(distinct - 1, number, found)[place].mean(axis=1)
    slope = float(np.interp(found, p, np.gradient(curve, p)))
    return found, float(each.std(ddof=1) / np.sqrt(len(each)) / slope)
