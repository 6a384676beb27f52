"""ConnectivityNovelty: learns from clean inputs only, and says how unusual an input is among them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted

from isthmus.detection.conformal import ALL, Conformal
from isthmus.detection.rows import rows_of
from isthmus.detection.scores import CLIP, Distance, scale_of
from isthmus.errors import InputError
from isthmus.estimates import Floats


class ConnectivityNovelty(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """The distance of an input's features from those of clean inputs, as a p-value.

    One part of the clean rows teaches the distance, the other what distances are usual (split conformal prediction), so
    that of further clean inputs at most the share `fpr` is flagged, whatever their distribution.

    Args:
        fpr: share of clean inputs that may be flagged.
        calibration: share of the rows that is kept for the p-values.
        class_column: column of X that holds the predicted class, which is then no feature: p-values are per class.
        random_state: seed of the split.

    Attributes:
        score_: the distance, as arrays.
        conformal_: what distances are usual.
        n_features_in_: columns of X.
    """

    def __init__(
        self,
        fpr: float = 0.05,
        *,
        calibration: float = 0.5,
        class_column: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.fpr = fpr
        self.calibration = calibration
        self.class_column = class_column
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike | None = None) -> ConnectivityNovelty:  # noqa: ARG002, N803
        """Learns from rows X (n, f) of clean inputs."""
        from sklearn.covariance import ledoit_wolf

        if not 0 < self.fpr < 1 or not 0 < self.calibration < 1:
            raise InputError(f"fpr and calibration must lie in (0, 1), got {self.fpr} and {self.calibration}.")
        X = rows_of(self, X, ensure_min_samples=2)  # noqa: N806
        rows, classes = self._parted(X)
        order = np.random.default_rng(self.random_state).permutation(len(rows))
        kept = max(1, min(len(rows) - 1, round(self.calibration * len(rows))))
        learn, hold = order[kept:], order[:kept]
        mean = rows[learn].mean(0)
        scale = scale_of(mean, rows[learn].std(0))
        clipped = np.clip((rows[learn] - mean) / scale, -CLIP, CLIP)
        covariance, _ = ledoit_wolf(clipped, assume_centered=True)
        values, vectors = np.linalg.eigh(covariance)
        values = np.maximum(values, 1e-6 * max(float(values.max()), 1e-6))
        self.score_ = Distance(mean, scale, vectors / np.sqrt(values))
        self.conformal_ = Conformal.of(self.score_.of(rows[hold]), classes[hold], self.fpr)
        self.offset_: float | Floats = -float(self.conformal_.thresholds(np.array([ALL]), self.fpr)[0])
        return self

    def score_samples(self, X: ArrayLike) -> Floats:  # noqa: N803
        """Minus the distance (n,): lower is more unusual."""
        return -self._seen(X)[0]

    def decision_function(self, X: ArrayLike) -> Floats:  # noqa: N803
        """How much closer than the threshold of its class (n,); negative for what is flagged."""
        distance, classes = self._seen(X)
        return self.conformal_.thresholds(classes, self.fpr) - distance

    def p_values(self, X: ArrayLike) -> Floats:  # noqa: N803
        """The share of clean inputs at least as unusual (n,)."""
        return self.conformal_.p_values(*self._seen(X))

    def predict(self, X: ArrayLike) -> NDArray[np.int64]:  # noqa: N803
        """-1 for what is flagged, 1 for the rest (n,)."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def _seen(self, X: ArrayLike) -> tuple[Floats, NDArray[np.int64]]:  # noqa: N803
        check_is_fitted(self)
        rows, classes = self._parted(rows_of(self, X, reset=False))
        return self.score_.of(rows), classes

    def _parted(self, rows: Any) -> tuple[Floats, NDArray[np.int64]]:
        if self.class_column is None:
            return rows, np.full(len(rows), ALL)
        if not -rows.shape[1] <= self.class_column < rows.shape[1]:
            raise InputError(f"class_column must be one of {rows.shape[1]} columns, got {self.class_column}.")
        return np.delete(rows, self.class_column, axis=1), rows[:, self.class_column].astype(np.int64)
