"""Somebody else's metric and measurement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

from isthmus.connecting import Measurement
from isthmus.connecting.columns import measured_column
from isthmus.metrics import PullbackMetric


@dataclass(frozen=True)
class Decided(PullbackMetric):
    """How far apart two inputs are in the network's log-probabilities."""

    name: ClassVar[str] = "decided"
    unit: ClassVar[str] = "nats"

    def image(self, landscape, x):
        return landscape.forward(x, torch.zeros(len(x), dtype=torch.long, device=x.device)).logits.log_softmax(1)


class Brightest(Measurement):
    """The highest number on the path."""

    @property
    def columns(self):
        return (measured_column("brightest", "float64", "highest number in an input on the path found"),)

    def values(self, landscape, found):
        t = torch.linspace(0, 1, 11, dtype=torch.float64)
        return [{"brightest": float(pair.path.at(t).max())} for pair in found]
