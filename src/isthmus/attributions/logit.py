"""Logit: the output that is attributed, in the place of a loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, final

from isthmus._core.shapes import Logits, Losses, Targets
from isthmus.landscapes.losses import Loss


@final
@dataclass(frozen=True)
class Logit(Loss):
    """The logit of the target itself."""

    unit: ClassVar[str] = "logits"

    def __call__(self, logits: Logits, target: Targets) -> Losses:
        return logits.gather(1, target[:, None])[:, 0]
