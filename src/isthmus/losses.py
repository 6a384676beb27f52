"""Losses of one target class: what makes an input a low point of the landscape."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch.nn import functional

from isthmus._shapes import Logits, Losses, Targets


class Loss(ABC):
    """A loss per input, from logits (n, classes) and targets (n,). Lower means closer to the target."""

    unit: ClassVar[str]

    @abstractmethod
    def __call__(self, logits: Logits, target: Targets) -> Losses:
        """Loss per input (n,)."""


@dataclass(frozen=True)
class CrossEntropy(Loss):
    """Cross-entropy -log softmax(logits)[target], in nats: the loss of Vrabel et al. (2025)."""

    unit: ClassVar[str] = "nats"

    def __call__(self, logits: Logits, target: Targets) -> Losses:
        return functional.cross_entropy(logits, target, reduction="none")


@dataclass(frozen=True)
class Margin(Loss):
    """Negative margin max_{j != target} logits[j] - logits[target]: below 0 exactly where the target is predicted."""

    unit: ClassVar[str] = "logits"

    def __call__(self, logits: Logits, target: Targets) -> Losses:
        own = logits.gather(1, target[:, None])[:, 0]
        is_own = functional.one_hot(target, logits.shape[1]).bool()
        return logits.masked_fill(is_own, -torch.inf).amax(1) - own
