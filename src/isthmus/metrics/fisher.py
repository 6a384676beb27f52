"""Fisher: how far apart two inputs are to a network, as the probabilities that it gives their classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

import torch

from isthmus._core.shapes import Inputs, Logits, Losses
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.landscapes.features import FeatureLandscape
from isthmus.metrics.pullback import PullbackMetric


@final
@dataclass(frozen=True)
class Fisher(PullbackMetric):
    """The Fisher information metric of the network's outputs, brought back to its inputs.

    With probabilities p of the classes, 2 sqrt(p) lies on a sphere of radius 2, on which arcs are Fisher's lengths:
    the distance of p and q is 2 arccos(sum sqrt(p q)), at most pi (Rao 1945; Amari and Nagaoka 2000, Sec. 2.2). Along a
    path that the network sees as one class with certainty, nothing is any distance.
    """

    name: ClassVar[str] = "fisher"

    unit: ClassVar[str] = "radians of Fisher's sphere"  # type: ignore[misc]

    def check(self, landscape: AbstractLandscape) -> None:
        if isinstance(landscape, FeatureLandscape):
            raise InputError("Fisher's metric needs the logits of classes; a FeatureLandscape has answers of a layer.")

    def image(self, landscape: AbstractLandscape, x: Inputs) -> Logits:
        logits = landscape.forward(x, torch.zeros(len(x), dtype=torch.long, device=x.device)).logits
        if logits.ndim != 2 or logits.shape[1] < 2:
            raise InputError(f"Fisher's metric needs logits of two classes or more, got {tuple(logits.shape)}.")
        return 2 * (logits.double().log_softmax(1) / 2).exp()

    def along(self, chord: Losses) -> Losses:
        return 4 * (chord / 4).clamp(max=1.0).asin()
