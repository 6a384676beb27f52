"""Matching: the largest like-for-like subsets of two kinds, so that what they were matched on explains nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from isthmus.estimates.estimate import Floats


def match(distance: Floats, most: float) -> NDArray[np.int64]:
    """Partners without repetition, each at most so far apart: as many as can be, at the least total distance.

    Args:
        distance: of every item of one kind from every item of the other (n, m); NaN where two cannot be compared.
        most: largest distance of two partners, the caliper.

    Returns:
        Numbers of the partners (k, 2).
    """
    from scipy.optimize import linear_sum_assignment

    allowed = np.isfinite(distance) & (distance <= most)
    # One partner less costs more than all distances together, so that no partner is given up for nearness.
    forbidden = (1.0 + most) * (1 + min(distance.shape))
    rows, columns = linear_sum_assignment(np.where(allowed, distance, forbidden))
    kept = allowed[rows, columns]
    return np.stack([rows[kept], columns[kept]], axis=1)
