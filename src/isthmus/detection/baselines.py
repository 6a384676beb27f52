"""Baselines: scores of other detectors and of single numbers, higher for what is more suspicious.

Each is fitted on clean inputs only, and sees an input by what the network says of it and by its last hidden layer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from isthmus._core.shapes import Inputs
from isthmus.estimates import Floats
from isthmus.landscapes import NetworkLandscape

COMPONENTS = 64  # directions of the hidden layer in which densities are looked at


@dataclass(frozen=True, eq=False)
class Seen:
    """Inputs as baselines see them.

    Attributes:
        x: inputs (n, *input), in data units.
        logits: of each (n, classes).
        hidden: what goes into the network's last linear layer (n, h); the logits where there is no such layer.
    """

    x: Inputs
    logits: Floats
    hidden: Floats

    @property
    def predicted(self) -> NDArray[np.int64]:
        """Predicted classes (n,)."""
        return np.asarray(self.logits.argmax(1))

    def at(self, rows: NDArray[Any]) -> Seen:
        """Some of the inputs, by number or by mask."""
        return Seen(self.x[torch.from_numpy(np.asarray(rows))], self.logits[rows], self.hidden[rows])


def see(landscape: NetworkLandscape, x: Inputs) -> Seen:
    """One pass over inputs (n, *input), with the last hidden layer kept."""
    linear = [module for module in landscape.network.model.modules() if isinstance(module, nn.Linear)]
    kept: list[Tensor] = []
    hook = None
    if linear:
        hook = linear[-1].register_forward_hook(lambda _module, given, _output: kept.append(given[0].detach().cpu()))
    try:
        logits = landscape.logits(x).cpu()
    finally:
        if hook is not None:
            hook.remove()
    hidden = torch.cat([part.flatten(1) for part in kept])[-len(x) :] if kept else logits
    return Seen(x.cpu(), logits.double().numpy(), (hidden if len(hidden) == len(x) else logits).double().numpy())


class Baseline(ABC):
    """A score fitted on clean inputs.

    Attributes:
        name: what tables call it.
        role: "baseline" for a published detector, "control" for a number that should explain nothing.
    """

    name: ClassVar[str]
    role: ClassVar[Literal["baseline", "control"]] = "baseline"

    def fit(self, clean: Seen) -> None:  # noqa: B027 (some have nothing to learn)
        """Learns from clean inputs."""

    @abstractmethod
    def score(self, landscape: NetworkLandscape, seen: Seen) -> Floats:
        """Suspicion of inputs (n,)."""


class MaxSoftmax(Baseline):
    """1 - the highest probability (Hendrycks and Gimpel 2017)."""

    name = "maximum softmax"
    role = "control"

    def score(self, landscape: NetworkLandscape, seen: Seen) -> Floats:
        return np.asarray(-_log_softmax(seen.logits).max(1))


class LowLoss(Baseline):
    """Minus the loss of the end for the class predicted, what an attack that ran on is left with."""

    name = "low loss of the end"
    role = "control"

    def score(self, landscape: NetworkLandscape, seen: Seen) -> Floats:
        return np.asarray(_log_softmax(seen.logits).max(1))


class Energy(Baseline):
    """- log sum exp of the logits (Liu et al. 2020)."""

    name = "energy"

    def score(self, landscape: NetworkLandscape, seen: Seen) -> Floats:
        return -_log_sum(seen.logits)


class Mahalanobis(Baseline):
    """Distance to the mean of the predicted class, in the covariance that classes share (Lee et al. 2018)."""

    name = "Mahalanobis"

    def fit(self, clean: Seen) -> None:
        from sklearn.covariance import LedoitWolf

        classes = np.unique(clean.predicted)
        self.means = {int(group): clean.hidden[clean.predicted == group].mean(0) for group in classes}
        centred = np.concatenate([clean.hidden[clean.predicted == group] - self.means[int(group)] for group in classes])
        self.covariance = LedoitWolf(assume_centered=True).fit(centred)

    def score(self, landscape: NetworkLandscape, seen: Seen) -> Floats:
        nearest = np.full(len(seen.hidden), np.inf)
        for mean in self.means.values():
            nearest = np.minimum(nearest, self.covariance.mahalanobis(seen.hidden - mean))
        return nearest


class KernelDensity(Baseline):
    """Minus the log density of the hidden layer among clean inputs of the predicted class (Feinman et al. 2017)."""

    name = "kernel density"

    def fit(self, clean: Seen) -> None:
        from sklearn.decomposition import PCA
        from sklearn.neighbors import KernelDensity as Kernel

        count = min(COMPONENTS, clean.hidden.shape[1], len(clean.hidden) - 1)
        self.projection = PCA(count, whiten=True, random_state=0).fit(clean.hidden)
        rows = self.projection.transform(clean.hidden)
        self.kernels = {
            int(group): Kernel(bandwidth="scott").fit(rows[clean.predicted == group])
            for group in np.unique(clean.predicted)
        }

    def score(self, landscape: NetworkLandscape, seen: Seen) -> Floats:
        rows, found = self.projection.transform(seen.hidden), np.full(len(seen.hidden), np.nan)
        for group, kernel in self.kernels.items():
            mine = seen.predicted == group
            if mine.any():
                found[mine] = -kernel.score_samples(rows[mine])
        return found


class LocalDimension(Baseline):
    """Local intrinsic dimension of the hidden layer among clean inputs, by maximum likelihood (Ma et al. 2018)."""

    name = "LID"
    neighbours = 20

    def fit(self, clean: Seen) -> None:
        from sklearn.neighbors import NearestNeighbors

        self.index = NearestNeighbors(n_neighbors=min(self.neighbours, len(clean.hidden) - 1)).fit(clean.hidden)

    def score(self, landscape: NetworkLandscape, seen: Seen) -> Floats:
        distance = np.maximum(self.index.kneighbors(seen.hidden)[0], 1e-12)
        return np.asarray(-1 / np.minimum(np.log(distance / distance[:, -1:]).mean(1), -1e-12))


class FeatureSqueezing(Baseline):
    """Largest change of the probabilities, in L1, when depth or noise is squeezed out of an image (Xu et al. 2018)."""

    name = "feature squeezing"
    bits = 5

    def score(self, landscape: NetworkLandscape, seen: Seen) -> Floats:
        from scipy.ndimage import median_filter

        before = np.exp(_log_softmax(seen.logits))
        levels = 2**self.bits - 1
        squeezed = [(seen.x * levels).round() / levels]
        if seen.x.ndim == 4:
            filtered = median_filter(seen.x.numpy(), size=(1, 1, 2, 2), mode="reflect")
            squeezed.append(torch.from_numpy(filtered))
        changes = [
            np.abs(
                np.exp(_log_softmax(landscape.logits(landscape.domain.project(x)).cpu().double().numpy())) - before
            ).sum(1)
            for x in squeezed
        ]
        return np.asarray(np.max(changes, axis=0))


BASELINES: tuple[Callable[[], Baseline], ...] = (
    MaxSoftmax,
    LowLoss,
    Energy,
    Mahalanobis,
    KernelDensity,
    LocalDimension,
    FeatureSqueezing,
)


def _log_sum(logits: Floats) -> Floats:
    from scipy.special import logsumexp

    return np.asarray(logsumexp(logits, axis=1))


def _log_softmax(logits: Floats) -> Floats:
    return logits - _log_sum(logits)[:, None]
