"""Thresholds from single clusters (Mertens and Moore 2018): for dimensions in which no lattice fits the memory.

Invasion percolation adds the lightest of all sites that touch the cluster. After N invaded of B examined sites, N / B
tends to the threshold as N grows, and the rest vanishes like a power of N. The same holds for bonds.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from isthmus._core.random import numpy_generator
from isthmus.percolation.invading import BITS, invade
from isthmus.percolation.lattice import Kind
from isthmus.percolation.parallel import in_threads

Array = np.ndarray[Any, np.dtype[Any]]
FIRST, PER_DECADE = 1000, 4  # smallest cluster that is fitted, and how many sizes in every decade
POWERS = np.linspace(
    0.3, 1.2, 46
)  # in theory 0.40 for d = 2, 0.45 for 3, 1/2 from 6 on, and more while clusters are trees
RESAMPLES = 200


def invaded_shares(
    dimension: int, kind: Kind, *, size: int, runs: int, seed: int, workers: int, on_run: Callable[[], None]
) -> tuple[Array, Array]:
    """Sizes N (s,), and N / B at each of them, of independent clusters (runs, s)."""
    last = round(PER_DECADE * np.log10(size))
    sizes = (10 ** (np.arange(round(PER_DECADE * np.log10(FIRST)), last + 1) / PER_DECADE)).astype(np.int64)
    share = 2.0 / (2 * dimension - 1) if dimension > 2 else 0.9  # twice the threshold, nearly

    def one(number: int) -> Array:
        random = numpy_generator((seed, dimension, number, kind == "bond"))
        steps = 2 * random.integers(0, 1 << (BITS - 1), size=dimension) + 1
        salt = int(random.integers(0, 1 << BITS))
        found = sizes / invade(steps, kind == "bond", salt, int(share * 2.0**BITS), sizes)
        on_run()
        return found

    return sizes, np.stack(in_threads(one, range(runs), workers))


def grown_threshold(sizes: Array, shares: Array, seed: int) -> tuple[float, float]:
    """Threshold and standard error: p(N) = p_c + a N^-b fitted to the mean over runs, b included; the error is that of
    a bootstrap of whole runs, which goes through the same fit.
    """
    runs = len(shares)
    drawn = numpy_generator(seed).integers(0, runs, (RESAMPLES, runs))
    means = np.stack([shares.mean(axis=0), *(shares[rows].mean(axis=0) for rows in drawn)])
    fitted = _limits(sizes, means, shares.std(axis=0, ddof=1))
    return float(fitted[0]), float(np.std(fitted[1:], ddof=1))


def _limits(sizes: Array, means: Array, spread: Array) -> Array:
    """The p_c of the best power, of each row of means (n, s)."""
    misfits, limits = [], []
    for power in POWERS:
        basis = np.stack([np.ones(len(sizes)), (sizes / sizes[0]) ** -power], axis=1) / spread[:, None]
        solutions = (means / spread) @ np.linalg.pinv(basis).T
        misfits.append(((solutions @ basis.T - means / spread) ** 2).sum(axis=1))
        limits.append(solutions[:, 0])
    found: Array = np.stack(limits)[np.argmin(misfits, axis=0), np.arange(len(means))]
    return found
