"""Margin: how far the target is from being predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch.nn import functional

from isthmus._core.shapes import Logits, Losses, Targets
from isthmus.landscapes.losses.base import EvenScale, Loss


@dataclass(frozen=True)
class Margin(Loss):
    """Negative margin max_{j != target} logits[j] - logits[target]: below 0 exactly where the target is predicted."""

    unit: ClassVar[str] = "logits"
    convex: ClassVar[bool] = True
    monotone: ClassVar[bool] = True

    def __call__(self, logits: Logits, target: Targets) -> Losses:
        own = logits.gather(1, target[:, None])[:, 0]
        is_own = functional.one_hot(target, logits.shape[1]).bool()
        return logits.masked_fill(is_own, -torch.inf).amax(1) - own

    def change(self, loss: float, difference: float) -> float:
        return 2 * difference

    def on_even_scale(self, loss: Losses) -> EvenScale:
        """The margin itself."""
        return EvenScale(loss.double(), torch.ones_like(loss, dtype=torch.float64))
