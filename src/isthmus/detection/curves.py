"""Curves: what the network says along the segments from an input to the places it is connected with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from isthmus._core.shapes import CurveLogits, CurvePlaces, CurveValues, Targets


@dataclass(frozen=True, eq=False)
class Curves:
    """Logits along s segments from each of n inputs, at the same m positions; differentiable where they were made so.

    Attributes:
        t: positions (m,), from 0 at the input to 1 at the other end.
        logits: (n, s, m, classes).
        predicted: the class that the network sees in each input (n,), or the one that it is judged as.
    """

    t: CurvePlaces
    logits: CurveLogits
    predicted: Targets

    def __len__(self) -> int:
        return len(self.logits)

    @cached_property
    def _own(self) -> Tensor:
        shape = (*self.logits.shape[:-1], 1)
        return self.predicted.to(self.logits.device)[:, None, None, None].expand(shape)

    @cached_property
    def target_logit(self) -> CurveValues:
        """Logit of the predicted class (n, s, m)."""
        return self.logits.gather(-1, self._own)[..., 0]

    @cached_property
    def others(self) -> CurveLogits:
        """Logits with that of the predicted class at minus infinity (n, s, m, classes)."""
        return self.logits.scatter(-1, self._own, -torch.inf)

    @cached_property
    def evidence(self) -> CurveValues:
        """Logarithm of the sum of the exponentials of the logits (n, s, m)."""
        return self.logits.logsumexp(-1)

    @cached_property
    def loss(self) -> CurveValues:
        """Cross-entropy for the predicted class (n, s, m), in nats."""
        return self.evidence - self.target_logit

    @cached_property
    def margin(self) -> CurveValues:
        """Logit of the predicted class minus the highest other (n, s, m); negative where another class is seen."""
        return self.target_logit - self.others.amax(-1)

    @cached_property
    def seen(self) -> Tensor:
        """Class seen at each position (n, s, m)."""
        return self.logits.argmax(-1)
