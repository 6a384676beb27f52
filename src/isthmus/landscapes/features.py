"""FeatureLandscape: inputs judged by how strongly a layer inside a network answers, instead of by a class."""

from __future__ import annotations

from typing import Any, final

from torch import Tensor

from isthmus._core.shapes import Inputs, Targets
from isthmus.errors import InputError
from isthmus.landscapes.base import Evaluation
from isthmus.landscapes.domains import Domain
from isthmus.landscapes.network import NetworkLandscape
from isthmus.networks.layers import answer_of, module_of
from isthmus.networks.network import Network


@final
class FeatureLandscape(NetworkLandscape):
    """x -> -(answer of a channel of a layer): its "classes" are the channels, and low points excite one of them.

    Args:
        network: the fixed network.
        layer: name of a module in it, as in `named_modules()`; "" is the network itself, whose channels are its logits.
        position: (y, x) of a single unit in the layer's maps, or its number along a row or a sequence of tokens;
            None takes the mean over all positions.
        domain: where inputs may lie.
        max_batch: inputs evaluated at once.

    Raises:
        InputError: there is no such layer; the nearest names are listed.
    """

    def __init__(
        self,
        network: Network,
        layer: str = "",
        *,
        position: tuple[int, ...] | None = None,
        domain: Domain | None = None,
        max_batch: int | str = "auto",
    ) -> None:
        super().__init__(network, domain=domain, max_batch=max_batch)
        self._module = module_of(network, layer)
        self.layer, self.position = layer, position
        self.unit = "activation"

    def forward(self, x: Inputs, target: Targets) -> Evaluation:
        answers = self._pool(answer_of(self.network, self.layer, self._module, x)).float()
        if bool((target >= answers.shape[1]).any()):
            raise InputError(
                f"The layer '{self.layer}' has {answers.shape[1]} channels, 0 to {answers.shape[1] - 1}, got "
                f"{int(target.max())}."
            )
        return Evaluation(-answers.gather(1, target[:, None])[:, 0], answers)

    def _pool(self, output: Tensor) -> Tensor:
        """Answers (n, channels) of maps (n, channels, y, x), of tokens (n, tokens, channels), or of rows."""
        if output.ndim == 3:  # tokens come before channels in transformers
            output = output.transpose(1, 2)
        elif output.ndim == 2:
            output = output[:, :, None]
        positions = output.shape[2:]
        if self.position is None:
            return output.flatten(2).mean(2)
        fits = len(self.position) == len(positions)
        if not fits or any(not 0 <= p < s for p, s in zip(self.position, positions, strict=True)):
            raise InputError(f"The layer '{self.layer}' has positions {tuple(positions)}, got {self.position}.")
        for place in self.position:
            output = output.select(2, place)
        return output

    @property
    def class_names(self) -> tuple[str, ...] | None:
        return None  # channels have no names

    def describe(self) -> dict[str, Any]:
        return {
            "landscape": type(self).__name__,
            "network": self.network.describe(),
            "layer": self.layer,
            "position": self.position,
            "domain": repr(self.domain)[:200],
        }
