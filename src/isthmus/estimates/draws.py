"""Draws: a bootstrap of whole classes, since pairs of one class share inputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 400


@dataclass(frozen=True, eq=False)
class ClassDraws:
    """Bootstrap draws of whole clusters.

    Attributes:
        cluster: number of the cluster of each item (n,).
        times: how often each cluster was drawn in each resample (resamples, clusters); no resample where there is a
            single cluster, which says nothing about others.
    """

    cluster: NDArray[np.int64]
    times: NDArray[np.int64]

    @classmethod
    def of(cls, clusters: NDArray[Any], random: np.random.Generator) -> ClassDraws:
        """Draws for items of these clusters (n,), such as the targets of pairs."""
        names, cluster = np.unique(clusters, return_inverse=True)
        count = len(names)
        if count < 2:
            return cls(cluster, np.zeros((0, count), dtype=np.int64))
        return cls(cluster, random.multinomial(count, np.full(count, 1 / count), size=RESAMPLES))
