"""Conformal: p-values that keep their word on clean inputs, whatever the score (Vovk et al. 2005; Lei et al. 2018)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isthmus.errors import InputError
from isthmus.estimates import Floats

ALL = -1  # stands for every class


def fewest_scores(fpr: float) -> int:
    """How many scores of clean inputs the smallest p-value needs to be as small as `fpr`, in (0, 1)."""
    return math.ceil(1 / fpr - 1e-9) - 1


@dataclass(frozen=True, eq=False)
class Conformal:
    """Scores of clean inputs that took no part in the learning, by class.

    p(s) = (1 + number of them >= s) / (1 + their number): for exchangeable clean inputs, P(p <= a) <= a for every a.
    A class with too few of its own for the rate asked for is compared with those of all classes.

    Attributes:
        scores: of clean inputs (n,); higher is more suspicious.
        classes: predicted class of each (n,), or `ALL`.
        fewest: scores of its own that a class needs.
    """

    scores: Floats
    classes: NDArray[np.int64]
    fewest: int

    @classmethod
    def of(cls, scores: Floats, classes: NDArray[np.int64], fpr: float) -> Conformal:
        """From scores (n,), of which those that are not finite are left out, for a false-positive rate.

        Raises:
            InputError: `fpr` outside (0, 1).
        """
        if not 0 < fpr < 1:
            raise InputError(f"fpr must lie in (0, 1), got {fpr}.")
        known = np.isfinite(scores)
        return cls(scores[known].astype(np.float64), classes[known].astype(np.int64), fewest_scores(fpr))

    @property
    def pooled(self) -> list[int]:
        """Classes that are compared with all."""
        present, counts = np.unique(self.classes, return_counts=True)
        return [int(group) for group, count in zip(present, counts, strict=True) if count < self.fewest]

    def p_values(self, scores: Floats, classes: NDArray[np.int64]) -> Floats:
        """The share of clean inputs at least as suspicious (n,); NaN for scores that are not finite."""
        found = np.full(len(scores), np.nan)
        for group in np.unique(classes):
            mine = np.sort(self._of(int(group)))
            rows = (classes == group) & np.isfinite(scores)
            above = len(mine) - np.searchsorted(mine, scores[rows], "left")
            found[rows] = (1 + above) / (1 + len(mine))
        return found

    def thresholds(self, classes: NDArray[np.int64], fpr: float) -> Floats:
        """The score above which p <= fpr, for each class asked for (n,); infinite where there are too few."""
        found = np.full(len(classes), np.inf)
        for group in np.unique(classes):
            mine = np.sort(self._of(int(group)))[::-1]
            rank = math.floor(fpr * (1 + len(mine)) + 1e-9)
            if rank >= 1:
                found[classes == group] = mine[rank - 1]
        return found

    def _of(self, group: int) -> Floats:
        own = self.scores[self.classes == group]
        return own if len(own) >= self.fewest else self.scores
