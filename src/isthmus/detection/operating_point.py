"""Operating point: what a score flags when a given share of clean inputs may be flagged by mistake."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isthmus._core.annotated import as_annotated
from isthmus._core.given import numbers_of
from isthmus.errors import InputError
from isthmus.estimates import ClassDraws, Estimate, Floats, separation


@as_annotated
def threshold(clean: Floats, fpr: float) -> float:
    """The lowest threshold above which at most the share `fpr` of clean scores lies; higher scores are flagged.

    Equal scores are never parted: where they straddle the share, all of them are let pass.

    Raises:
        InputError: `fpr` outside [0, 1), or no finite score.
    """
    if not 0 <= fpr < 1:
        raise InputError(f"A false-positive rate lies in [0, 1), got {fpr}.")
    clean = numbers_of("clean", clean).numpy().ravel()
    known = np.sort(clean[np.isfinite(clean)])[::-1]
    if not len(known):
        raise InputError("A threshold needs clean scores, got none that is finite.")
    return float(known[math.floor(fpr * len(known) + 1e-9)])


@dataclass(frozen=True, kw_only=True)
class Detection:
    """How well a score tells attacked (the positive class) from clean inputs.

    Attributes:
        auroc: chance that an attacked input has the higher score, ties counting one half.
        tpr_at_5, tpr_at_1: share of attacked inputs flagged where 5 % or 1 % of the clean ones are.
        sr_at_5: attack success at 5 % false positives: share of the attacks tried that lead the network astray and are
            not flagged (Bryniarski et al. 2021).
        n_clean, n_attacked: inputs counted.
        unknown: inputs without a finite score, which are not counted.
    """

    auroc: Estimate
    tpr_at_5: Estimate
    tpr_at_1: Estimate
    sr_at_5: float
    n_clean: int
    n_attacked: int
    unknown: int


def judge(
    clean: Floats,
    attacked: Floats,
    clean_class: NDArray[np.int64],
    attacked_class: NDArray[np.int64],
    random: np.random.Generator,
    *,
    success: float = 1.0,
) -> Detection:
    """What a score is worth on these inputs.

    Args:
        clean: scores of clean inputs (n,); higher is more suspicious.
        attacked: scores of successful attacks (m,).
        clean_class, attacked_class: the class that each input was made from (n,) and (m,), the clusters of the
            bootstrap: an attacked input and its source are alike.
        random: for the bootstrap.
        success: share of the attacks tried that led the network astray.
    """
    scores = np.concatenate([clean, attacked])
    positive = np.concatenate([np.zeros(len(clean), bool), np.ones(len(attacked), bool)])
    clusters = np.concatenate([clean_class, attacked_class])
    ranked = separation(scores, positive, clusters, random)
    known = np.isfinite(scores)
    scores, positive = scores[known], positive[known]
    draws = ClassDraws.of(clusters[known], random)
    if not ranked.positives or not ranked.negatives:
        nothing = Estimate(math.nan, math.nan, math.nan)
        five = one = nothing
    else:
        five, one = (_flagged(scores, positive, draws, fpr) for fpr in (0.05, 0.01))
    return Detection(
        auroc=ranked.auroc,
        tpr_at_5=five,
        tpr_at_1=one,
        sr_at_5=success * (1 - five.value),
        n_clean=ranked.negatives,
        n_attacked=ranked.positives,
        unknown=ranked.unknown,
    )


def _flagged(scores: Floats, positive: NDArray[np.bool_], draws: ClassDraws, fpr: float) -> Estimate:
    """The share of positive scores above the threshold, which every resample sets anew."""
    value = float((scores[positive] > threshold(scores[~positive], fpr)).mean())
    order = np.argsort(-scores, kind="stable")
    ordered, cluster, is_positive = scores[order], draws.cluster[order], positive[order]
    last = np.append(ordered[1:] < ordered[:-1], True)  # of each run of equal scores
    resampled = []
    for times in draws.times:
        weight = times[cluster]
        above_clean, above = np.cumsum(weight * ~is_positive), np.cumsum(weight * is_positive)
        if above_clean[-1] and above[-1]:
            within = last & (above_clean <= fpr * above_clean[-1] + 1e-9)
            resampled.append((above[within][-1] if within.any() else 0) / above[-1])
    return Estimate.of(value, np.asarray(resampled, dtype=np.float64))
