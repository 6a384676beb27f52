"""Waves on one scale, as models of raw sound were trained on them, inside the network: paths stay paths of sound."""

from __future__ import annotations

from typing import Any

from torch import nn

from isthmus._core.shapes import Inputs

EPSILON = 1e-7  # that of Wav2Vec2FeatureExtractor


class OfUnitVariance(nn.Module):
    """A model of waves (n, samples), given each with mean 0 and variance 1: what Wav2Vec2FeatureExtractor does."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Inputs) -> Any:
        """What the model makes of waves."""
        return self.model(on_one_scale(x))


def on_one_scale(x: Inputs) -> Inputs:
    """Waves (n, samples), each with mean 0 and variance 1; silence becomes zeros."""
    return (x - x.mean(-1, keepdim=True)) / (x.var(-1, keepdim=True, correction=0) + EPSILON).sqrt()
