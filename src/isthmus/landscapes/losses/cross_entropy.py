"""CrossEntropy: the loss of Vrabel et al. (2025)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch.nn import functional

from isthmus._core.shapes import Logits, Losses, Targets
from isthmus.landscapes.losses.base import EvenScale, Loss


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """Cross-entropy -log softmax(logits)[target], in nats."""

    unit: ClassVar[str] = "nats"
    convex: ClassVar[bool] = True
    monotone: ClassVar[bool] = True

    def __call__(self, logits: Logits, target: Targets) -> Losses:
        return functional.cross_entropy(logits, target, reduction="none")

    def change(self, loss: float, difference: float) -> float:
        """2 d at most, and 2 d L to first order: the gradient has the 1-norm 2 (1 - exp(-L))."""
        return 2 * difference * min(1.0, loss)

    def on_even_scale(self, loss: Losses) -> EvenScale:
        """log(exp(L) - 1): minus the log-odds of the target, whose gradient is grad L / (1 - exp(-L)).

        A loss that is rounded to 0 counts as the least that float64 can tell from it: log-odds of 37.
        """
        exact = loss.double().clamp_min(torch.finfo(torch.float64).eps / 2)
        unlikely = -torch.expm1(-exact)  # 1 - p
        return EvenScale(exact + unlikely.log(), 1 / unlikely)
