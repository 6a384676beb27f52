"""Loss: how far an input is from its target, from what the network says of it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

from isthmus._core.shapes import Logits, Losses, Targets


class EvenScale(NamedTuple):
    """Losses (n,) on a scale on which they follow the logits as evenly as may be, in float64.

    Attributes:
        value: on that scale; it rises with the loss.
        slope: how fast, d value / d loss.
    """

    value: Losses
    slope: Losses


class Loss(ABC):
    """A loss per input, from logits (n, classes) and targets (n,). Lower means closer to the target.

    Attributes:
        unit: what it is measured in.
        convex: whether it is convex in the logits: where these are affine, it is then highest at an end.
        monotone: whether it is a function of the differences of the logits to that of the target, and falls with none
            of them: bounds of the differences are then bounds of the loss.
    """

    unit: ClassVar[str]
    convex: ClassVar[bool] = False
    monotone: ClassVar[bool] = False

    @abstractmethod
    def __call__(self, logits: Logits, target: Targets) -> Losses:
        """Loss per input (n,)."""

    def change(self, loss: float, difference: float) -> float:
        """How far a loss of this height may move when every logit moves by `difference`; infinite where unknown."""
        return math.inf

    def on_even_scale(self, loss: Losses) -> EvenScale | None:
        """Losses (n,) on an even scale, where steps and slopes say how far it is; None where none is known."""
        return None
