"""Separation: how well a score tells two kinds apart: the area under the ROC curve."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isthmus.estimates.draws import ClassDraws
from isthmus.estimates.estimate import Estimate, Floats


@dataclass(frozen=True, kw_only=True)
class Separation:
    """An AUROC: the chance that a positive item has a higher score than a negative one, ties counting one half.

    Attributes:
        auroc: 1 where all positive scores are higher, 0.5 where the score says nothing.
        positives, negatives: items counted.
        unknown: items without a finite score, which are not counted.
    """

    auroc: Estimate
    positives: int
    negatives: int
    unknown: int


def separation(
    scores: Floats, positive: NDArray[np.bool_], clusters: NDArray[np.int64], random: np.random.Generator
) -> Separation:
    """The AUROC of a score, with an interval from a bootstrap that draws whole clusters of both kinds together.

    Args:
        scores: score of each item (n,).
        positive: which items are of the kind that should score higher (n,).
        clusters: cluster of each item (n,), such as its class.
        random: for the bootstrap.
    """
    known = np.isfinite(scores)
    unknown = int((~known).sum())
    scores, positive, clusters = scores[known], positive[known], clusters[known]
    draws = ClassDraws.of(clusters, random)
    count = len(np.unique(clusters))
    wins = _wins(scores, positive, draws.cluster, count)
    positives = np.bincount(draws.cluster[positive], minlength=count).astype(float)
    negatives = np.bincount(draws.cluster[~positive], minlength=count).astype(float)
    total = positives.sum() * negatives.sum()
    compared = (draws.times @ positives) * (draws.times @ negatives)
    won = np.einsum("rp,pn,rn->r", draws.times, wins, draws.times)
    return Separation(
        auroc=Estimate.of(float(wins.sum() / total) if total else math.nan, won[compared > 0] / compared[compared > 0]),
        positives=int(positives.sum()),
        negatives=int(negatives.sum()),
        unknown=unknown,
    )


def _wins(scores: Floats, positive: NDArray[np.bool_], cluster: NDArray[np.int64], count: int) -> Floats:
    """How many comparisons positive items of each cluster win against negative ones of each cluster: their sum over
    all is the statistic of Mann and Whitney (1947).
    """
    wins = np.zeros((count, count))
    for negative in range(count):
        below = np.sort(scores[~positive & (cluster == negative)])
        mine = scores[positive]
        won = (np.searchsorted(below, mine, "left") + np.searchsorted(below, mine, "right")) / 2
        wins[:, negative] = np.bincount(cluster[positive], weights=won, minlength=count)
    return wins
