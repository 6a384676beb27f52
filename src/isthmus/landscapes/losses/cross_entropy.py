"""CrossEntropy: the loss of Vrabel et al. (2025)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch.nn import functional

from isthmus._core.shapes import Logits, Losses, Targets
from isthmus.landscapes.losses.base import Loss


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """Cross-entropy -log softmax(logits)[target], in nats."""

    unit: ClassVar[str] = "nats"
    convex: ClassVar[bool] = True

    def __call__(self, logits: Logits, target: Targets) -> Losses:
        return functional.cross_entropy(logits, target, reduction="none")

    def change(self, loss: float, difference: float) -> float:
        """2 d at most, and 2 d L to first order: the gradient has the 1-norm 2 (1 - exp(-L))."""
        return 2 * difference * min(1.0, loss)
