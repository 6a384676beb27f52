"""Loss: how far an input is from its target, from what the network says of it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar

from isthmus._core.shapes import Logits, Losses, Targets


class Loss(ABC):
    """A loss per input, from logits (n, classes) and targets (n,). Lower means closer to the target.

    Attributes:
        unit: what it is measured in.
        convex: whether it is convex in the logits: where these are affine, it is then highest at an end.
    """

    unit: ClassVar[str]
    convex: ClassVar[bool] = False

    @abstractmethod
    def __call__(self, logits: Logits, target: Targets) -> Losses:
        """Loss per input (n,)."""

    def change(self, loss: float, difference: float) -> float:
        """How far a loss of this height may move when every logit moves by `difference`; infinite where unknown."""
        return math.inf
