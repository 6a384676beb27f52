"""Features: how far apart two inputs are to a layer of a network."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import ClassVar, final

from isthmus._core.annotated import as_annotated
from isthmus._core.shapes import Inputs, Logits
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.landscapes.network import NetworkLandscape
from isthmus.metrics.pullback import PullbackMetric
from isthmus.networks.layers import answer_of, module_of


@final
@as_annotated
@dataclass(frozen=True)
class Features(PullbackMetric):
    """Euclidean distance of everything that a layer inside the network answers.

    Args:
        layer: name of a module in the network, as in `named_modules()`; "" is the network itself, whose answers are its
            logits.
    """

    unit: ClassVar[str] = "of the layer's answers"  # type: ignore[misc]
    layer: str

    @property
    def name(self) -> str:
        return "features_" + re.sub(r"\W", "_", self.layer or "logits")

    def check(self, landscape: AbstractLandscape) -> None:
        if not isinstance(landscape, NetworkLandscape):
            raise InputError(f"Distances in features need a landscape of a network, got a {type(landscape).__name__}.")
        module_of(landscape.network, self.layer)

    def image(self, landscape: AbstractLandscape, x: Inputs) -> Logits:
        assert isinstance(landscape, NetworkLandscape)
        network = landscape.network
        return answer_of(network, self.layer, module_of(network, self.layer), x).flatten(1)
