"""CurveClassifier: learns from the curves of clean and of attacked inputs (Vrabel et al. 2025, Section 4.2.1)."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from isthmus.detection.rows import refused_in_one_line, rows_of
from isthmus.detection.scores import CLIP, Linear, Score, Trees, scale_of
from isthmus.errors import InputError
from isthmus.estimates import Floats


class CurveClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Attacked or clean, from rows of features. The second class, in sorted order, is the suspicious one.

    Args:
        model: "logistic" regression, or gradient "boosting".
        strength: inverse strength of the logistic regression's ridge penalty.
        trees: of the boosting.
        depth: of each tree.
        learning_rate: of the boosting.
        balanced: whether both classes count the same, however many rows each has.
        random_state: of the boosting, which looks at a random part of the features at each split.

    Attributes:
        classes_: the two classes.
        score_: what was learned, as arrays.
        n_features_in_: features a row.
    """

    def __init__(
        self,
        model: Literal["logistic", "boosting"] = "logistic",
        *,
        strength: float = 0.05,
        trees: int = 100,
        depth: int = 3,
        learning_rate: float = 0.1,
        balanced: bool = True,
        random_state: int = 0,
    ) -> None:
        self.model = model
        self.strength = strength
        self.trees = trees
        self.depth = depth
        self.learning_rate = learning_rate
        self.balanced = balanced
        self.random_state = random_state

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return tags

    def fit(self, X: Any, y: Any, sample_weight: ArrayLike | None = None) -> CurveClassifier:  # noqa: N803
        """Learns from rows X (n, f) of two classes y (n,), each with a weight (n,)."""
        rows, y = rows_of(self, X, y)
        with refused_in_one_line():
            check_classification_targets(y)
            kind = type_of_target(y, input_name="y", raise_unknown=True)
        if kind != "binary":
            raise InputError(f"Only binary classification is supported. The type of the target is {kind}.")
        if self.model not in ("logistic", "boosting"):
            raise InputError(f"model must be logistic or boosting, got {self.model!r}.")
        self.classes_, number = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise InputError(f"Classifier can't train when only one class is present: {self.classes_[0]!r}.")
        with refused_in_one_line():
            weight = _check_sample_weight(sample_weight, rows, dtype=np.float64)
        if self.balanced:
            share = np.bincount(number, weights=weight)
            weight = weight * (share.sum() / 2 / np.where(share > 0, share, 1))[number]
        mean: Floats = np.average(rows, axis=0, weights=weight)
        scale = scale_of(mean, np.sqrt(np.average((rows - mean) ** 2, axis=0, weights=weight)))
        rows = np.clip((rows - mean) / scale, -CLIP, CLIP)
        learn = self._logistic if self.model == "logistic" else self._boosting
        self.score_: Score = learn(rows, number, weight, mean, scale)
        return self

    def _logistic(self, rows: Floats, y: NDArray[np.int64], weight: Floats, mean: Floats, scale: Floats) -> Score:
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression(C=self.strength, max_iter=2000, tol=1e-3).fit(rows, y, sample_weight=weight)
        return Linear(mean, scale, model.coef_[0], model.intercept_)

    def _boosting(self, rows: Floats, y: NDArray[np.int64], weight: Floats, mean: Floats, scale: Floats) -> Score:
        from sklearn.ensemble import GradientBoostingClassifier

        model = GradientBoostingClassifier(
            n_estimators=self.trees,
            max_depth=self.depth,
            learning_rate=self.learning_rate,
            max_features="sqrt",
            random_state=self.random_state,
        ).fit(rows.astype(np.float32), y, sample_weight=weight)
        found = [tree.tree_ for tree in model.estimators_[:, 0]]
        nodes = max(tree.node_count for tree in found)
        itself = np.arange(nodes)

        def padded(values: list[NDArray[Any]], fill: NDArray[Any]) -> NDArray[Any]:
            return np.stack([np.concatenate([value, fill[len(value) :]]) for value in values])

        def children(side: list[NDArray[Any]]) -> NDArray[Any]:
            return padded([np.where(child < 0, itself[: len(child)], child) for child in side], itself)

        prior = np.average(y, weights=weight)
        return Trees(
            mean,
            scale,
            padded([np.maximum(tree.feature, 0) for tree in found], np.zeros(nodes, np.int64)),
            padded([tree.threshold for tree in found], np.zeros(nodes)),
            children([tree.children_left for tree in found]),
            children([tree.children_right for tree in found]),
            self.learning_rate * padded([tree.value[:, 0, 0] for tree in found], np.zeros(nodes)),
            np.array([np.log(prior / (1 - prior))]),
            np.array([max(tree.max_depth for tree in found)]),
        )

    def decision_function(self, X: ArrayLike) -> Floats:  # noqa: N803
        """Log odds of the suspicious class (n,)."""
        check_is_fitted(self)
        return self.score_.of(rows_of(self, X, reset=False))

    def predict_proba(self, X: ArrayLike) -> Floats:  # noqa: N803
        """Probability of each class (n, 2)."""
        from scipy.special import expit

        suspicious = expit(self.decision_function(X))
        return np.stack([1 - suspicious, suspicious], axis=1)

    def predict(self, X: ArrayLike) -> NDArray[Any]:  # noqa: N803
        """The likelier class (n,)."""
        suspicious = self.decision_function(X) > 0
        found: NDArray[Any] = self.classes_[suspicious.astype(int)]
        return found
