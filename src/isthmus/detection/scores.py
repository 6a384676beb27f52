"""Scores: what was learned, as plain arrays: it can be saved without running code when it is read, and it can be
differentiated, so that an attack that knows the detector can be tried on it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from isthmus._core.shapes import FeatureRows, Losses
from isthmus.errors import DetectorError
from isthmus.estimates import Floats

CLIP = 6.0  # standard deviations beyond which a feature says no more: a curvature may be a thousand times the usual one


def scale_of(mean: Floats, deviation: Floats) -> Floats:
    """The deviation of each feature (f,), and 1 for what does not vary."""
    return np.where(deviation > 1e-10 * np.maximum(1, np.abs(mean)), deviation, 1.0)


@dataclass(frozen=True, eq=False)
class Score(ABC):
    """Rows of features (n, f) -> suspicion (n,); higher is more suspicious.

    Attributes:
        mean, scale: of each feature among clean and attacked inputs (f,).
    """

    name: ClassVar[str]

    mean: Floats
    scale: Floats

    def __post_init__(self) -> None:
        for field in fields(self):
            object.__setattr__(self, field.name, np.asarray(getattr(self, field.name)))

    def of(self, rows: Floats) -> Floats:
        """Suspicion of rows; NaN where a feature is not finite."""
        with torch.no_grad():
            found = self.differentiable(torch.from_numpy(np.ascontiguousarray(rows, dtype=np.float64))).numpy()
        return np.where(np.isfinite(rows).all(1), found, np.nan)

    @abstractmethod
    def differentiable(self, rows: FeatureRows, *, softness: float = 0.0) -> Losses:
        """The same for a tensor. `softness` smooths steps, over so many standard deviations, so that they slope."""

    def standardised(self, rows: FeatureRows) -> FeatureRows:
        """Rows in standard deviations from the mean, clipped."""
        return ((rows - self._tensor(self.mean, rows)) / self._tensor(self.scale, rows)).clamp(-CLIP, CLIP)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Everything there is, by name."""
        return {field.name: np.asarray(getattr(self, field.name)) for field in fields(self)}

    @staticmethod
    def _tensor(values: NDArray[np.float64], like: Tensor) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values)).to(like)


@dataclass(frozen=True, eq=False)
class Linear(Score):
    """A weighted sum of standardised features: the log odds of logistic regression.

    Attributes:
        weight: of each feature (f,).
        constant: added (1,).
    """

    name: ClassVar[str] = "linear"

    weight: Floats
    constant: Floats

    def differentiable(self, rows: FeatureRows, *, softness: float = 0.0) -> Losses:
        return self.standardised(rows) @ self._tensor(self.weight, rows) + self._tensor(self.constant, rows)


@dataclass(frozen=True, eq=False)
class Trees(Score):
    """A sum of regression trees: the log odds of gradient boosting.

    Attributes:
        feature: tested by each node of each tree (trees, nodes); at leaves, any.
        threshold: values up to it go left (trees, nodes).
        left, right: the node to go on with (trees, nodes); at leaves, the leaf itself.
        value: of each node (trees, nodes).
        constant: added (1,).
        depth: of the deepest tree (1,).
    """

    name: ClassVar[str] = "trees"

    feature: NDArray[np.int64]
    threshold: Floats
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    value: Floats
    constant: Floats
    depth: NDArray[np.int64]

    def differentiable(self, rows: FeatureRows, *, softness: float = 0.0) -> Losses:
        x = self.standardised(rows)
        x = x.float().to(x)  # the trees were grown on numbers of that precision
        feature, left, right = (torch.from_numpy(part).to(x.device) for part in (self.feature, self.left, self.right))
        threshold, value = self._tensor(self.threshold, x), self._tensor(self.value, x)
        tested = x[:, feature.reshape(-1)].reshape(len(x), *feature.shape)
        goes_right = ((tested - threshold) / softness).sigmoid() if softness else (tested > threshold).to(x)
        reached = torch.zeros_like(goes_right)
        reached[:, :, 0] = 1
        leaf = left == torch.arange(left.shape[1], device=left.device)
        for _ in range(int(self.depth[0])):
            going = torch.where(leaf, 0.0, reached)
            moved = torch.where(leaf, reached, 0.0)
            moved = moved.scatter_add(2, left.expand_as(going), going * (1 - goes_right))
            reached = moved.scatter_add(2, right.expand_as(going), going * goes_right)
        return (reached * torch.where(leaf, value, 0.0)).sum((1, 2)) + self._tensor(self.constant, x)


@dataclass(frozen=True, eq=False)
class Distance(Score):
    """How far from the clean inputs, in the metric of their covariance (Mahalanobis 1936).

    Attributes:
        root: a matrix R (f, k) with R R^T = the inverse covariance, or its part that is trusted.
    """

    name: ClassVar[str] = "distance"

    root: Floats

    def differentiable(self, rows: FeatureRows, *, softness: float = 0.0) -> Losses:
        return ((self.standardised(rows) @ self._tensor(self.root, rows)).square().mean(1) + 1e-12).sqrt()


SCORES: Mapping[str, type[Score]] = {kind.name: kind for kind in (Linear, Trees, Distance)}


def score_from(name: str, arrays: Mapping[str, NDArray[Any]]) -> Score:
    """The score that `arrays` came from.

    Raises:
        DetectorError: unknown, or arrays that do not belong together.
    """
    kind = SCORES.get(name)
    if kind is None:
        raise DetectorError(f"There is no score '{name}'; known are {', '.join(SCORES)}.")
    wanted = {field.name for field in fields(kind)}
    if set(arrays) != wanted:
        raise DetectorError(f"A score '{name}' needs {', '.join(sorted(wanted))}, got {', '.join(sorted(arrays))}.")
    return kind(**arrays)
