"""FeatureLandscape: inputs judged by how strongly a layer inside a network answers, instead of by a class."""

from __future__ import annotations

import difflib
import threading
from typing import Any, final

from torch import Tensor

from isthmus._core.shapes import Inputs, Targets
from isthmus.errors import InputError
from isthmus.landscapes.base import Evaluation
from isthmus.landscapes.domains import Domain
from isthmus.landscapes.network import NetworkLandscape
from isthmus.networks.network import Network
from isthmus.networks.outputs import unwrap


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
        modules = dict(network.model.named_modules())
        if layer not in modules:
            names = [name for name in modules if name]
            near = difflib.get_close_matches(layer, names, n=5, cutoff=0.5)
            listed = f"near it: {', '.join(near)}" if near else f"there are {', '.join(names[:40])}"
            raise InputError(f"The network has no layer '{layer}'; {listed}{' ...' if len(names) > 40 else ''}.")
        self.layer, self.position = layer, position
        self._module = modules[layer]
        self.unit = "activation"

    def forward(self, x: Inputs, target: Targets) -> Evaluation:
        seen: list[Tensor] = []
        mine = threading.get_ident()

        def keep(_module: object, _inputs: object, output: Any) -> None:
            if threading.get_ident() == mine:  # others may run the same module meanwhile
                seen.append(_tensor_of(output))

        handle = self._module.register_forward_hook(keep)
        try:
            self.network.logits(x)
        finally:
            handle.remove()
        if not seen:
            raise InputError(f"The layer '{self.layer}' takes no part in the network's forward pass.")
        answers = self._pool(seen[-1]).float()
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


def _tensor_of(output: Any) -> Tensor:
    """The tensor that a layer gave: layers inside may give tuples."""
    if isinstance(output, tuple | list):
        output = output[0]
    return output if isinstance(output, Tensor) else unwrap(output)
