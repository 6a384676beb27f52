"""Comparisons: how well each score tells a kind of pairs from real pairs of one class, in all and in matched pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from isthmus.connecting.columns import ROUNDS
from isthmus.estimates import Separation, separation
from isthmus.experiments.adversarial.pairs import PairTable, Score, column, gap_after, low_end, matched

REAL = "real, one class"
PUBLISHED = "attacked"
MATCHED_STOP = "attacked, matched stop"
RUN_ON = "attacked, run on"
OTHER = "clean, other class"
SAME = "attacked, same class"
KINDS = (PUBLISHED, MATCHED_STOP, RUN_ON, OTHER, SAME)

DIRECT_SCORES: Mapping[str, Score] = {
    "direct_gap": column("direct_gap"),
    "direct_max_loss": column("direct_max_loss"),
    "low_end": low_end,
    "direct_length": column("direct_length"),
}
ROUND_SCORES: Mapping[str, Score] = {
    **{f"gap_after_{rounds}": gap_after(rounds) for rounds in ROUNDS},
    **{f"max_loss_after_{rounds}": column(f"max_loss_after_{rounds}") for rounds in ROUNDS},
    "deviation": column("deviation"),
    "steps": column("steps"),
}
SUBSETS = {  # what pairs are matched on: losses of the ends, distance
    "all pairs": (False, False),
    "same losses of the ends": (True, False),
    "same distance": (False, True),
    "same losses and distance": (True, True),
}


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """A kind against real pairs.

    Attributes:
        kind: of the pairs that should score higher.
        subset: which pairs: a key of `SUBSETS`.
        scores: what each score achieves.
        pairs, real: how many of each.
        lower: share of the pairs whose end C has a lower loss than their end A.
    """

    kind: str
    subset: str
    scores: dict[str, Separation]
    pairs: int
    real: int
    lower: float


def compare(kinds: Mapping[str, PairTable], seed: int) -> list[Comparison]:
    """All comparisons; subsets for the kinds that hold attacked inputs of other classes."""
    random = np.random.default_rng(seed)
    found = []
    for kind in [each for each in KINDS if each in kinds]:
        for subset, (losses, length) in SUBSETS.items():
            real, other = kinds[REAL], kinds[kind]
            if subset != "all pairs" and kind in (OTHER, SAME):
                continue
            if losses or length:
                real, other = matched(real, other, losses=losses, length=length)
            found.append(
                Comparison(
                    kind=kind,
                    subset=subset,
                    scores={
                        name: _separation(score, other, real, random)
                        for name, score in {**DIRECT_SCORES, **ROUND_SCORES}.items()
                    },
                    pairs=len(other),
                    real=len(real),
                    lower=float(np.mean(other.columns["c_loss"] < other.columns["a_loss"])) if len(other) else 0.0,
                )
            )
    return found


def _separation(score: Score, other: PairTable, real: PairTable, random: np.random.Generator) -> Separation:
    scores = np.concatenate([score(other), score(real)])
    positive = np.repeat([True, False], [len(other), len(real)])
    return separation(scores, positive, np.concatenate([other.target, real.target]), random)
