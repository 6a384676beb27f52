"""Learned: scores learned from the features of clean and attacked inputs, each from columns of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from isthmus.detection.curve_classifier import CurveClassifier
from isthmus.detection.evaluation.rows import Role
from isthmus.detection.novelty import ConnectivityNovelty
from isthmus.detection.scores import Score
from isthmus.estimates import Floats

DISTANCES = ["distance.mean", "distance.min", "distance.max"]  # in L2, from the input to its references


@dataclass(frozen=True, kw_only=True)
class Learned:
    """A score to be learned.

    Attributes:
        name: what tables call it.
        role: "detector", or "control" where it is not allowed to see the curves.
        model: how it is learned.
        sees: which features, by name.
        needs: how the name of a feature begins without which there is nothing new to learn.
    """

    name: str
    role: Role
    model: Literal["logistic", "boosting", "novelty"]
    sees: Callable[[str], bool]
    needs: str = ""

    def columns(self, names: Sequence[str]) -> NDArray[np.bool_]:
        """Which columns it sees."""
        return np.array([self.sees(name) for name in names])

    def fit(self, clean: Floats, attacked: Sequence[Floats], names: Sequence[str], seed: int) -> Score | None:
        """Learns from clean rows (n, f) and attacked ones; None where it needs attacked ones and there are none."""
        seen = self.columns(names)
        if not seen.any() or not any(name.startswith(self.needs) for name in names):
            return None
        if self.model == "novelty":
            # What the evaluation needs is the ranking: every clean row but one teaches it.
            novelty = ConnectivityNovelty(calibration=1 / len(clean), random_state=seed).fit(clean[:, seen])
            return novelty.score_
        if not attacked:
            return None
        rows = np.concatenate([clean, *attacked])[:, seen]
        kinds = np.arange(len(rows)) >= len(clean)
        return CurveClassifier(self.model, random_state=seed).fit(rows, kinds).score_


def _curve(name: str) -> bool:
    return name.startswith(("reference.", "view."))


def _end(name: str) -> bool:
    return name.startswith("reference.") and name.endswith("@0.mean")


def _ends_of_views(name: str) -> bool:
    return _end(name) or (name.startswith("view.") and name.endswith(("@1.mean", "@1.sd")))


CURVES = Learned(name="curves", role="detector", model="logistic", sees=_curve)
TREES = Learned(name="curves, boosted trees", role="detector", model="boosting", sees=_curve)
NOVELTY = Learned(name="curves, novelty", role="detector", model="novelty", sees=_curve)

LEARNED: tuple[Learned, ...] = (
    CURVES,
    TREES,
    NOVELTY,
    Learned(
        name="curves to references only",
        role="detector",
        model="logistic",
        sees=lambda name: name.startswith("reference."),
    ),
    Learned(
        name="curves and effort",
        role="detector",
        model="logistic",
        sees=lambda name: _curve(name) or name.startswith("effort."),
        needs="effort.",
    ),
    Learned(
        name="effort alone",
        role="detector",
        model="logistic",
        sees=lambda name: name.startswith("effort."),
        needs="effort.",
    ),
    Learned(name="end alone, learned", role="control", model="logistic", sees=_end),
    Learned(name="ends of views alone, learned", role="control", model="logistic", sees=_ends_of_views),
    Learned(
        name="distance to references, learned", role="control", model="logistic", sees=lambda name: name in DISTANCES
    ),
)

PLAIN: dict[str, str] = {
    "gap to references": "reference.gap.mean",
    "max loss to references": "reference.max_loss.mean",
}
"""The paper's own scores: single features, nothing learned."""
