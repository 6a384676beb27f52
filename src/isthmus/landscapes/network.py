"""Landscape: the loss of a fixed network as a function of its input."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any, final

import torch
from torch import Tensor

from isthmus._core.annotated import as_annotated
from isthmus._core.shapes import Inputs, Losses, Targets
from isthmus.inputs.kinds import InputKind
from isthmus.inputs.preprocessing import Preprocessing
from isthmus.landscapes.base import AbstractLandscape, Evaluation, Slope
from isthmus.landscapes.domains import Domain, domain_of
from isthmus.landscapes.losses import CrossEntropy, EvenScale, Loss, Margin
from isthmus.landscapes.validation import check_target_range
from isthmus.networks.network import Network


class NetworkLandscape(AbstractLandscape):
    """A landscape on a fixed network: its device, precision, units and shape are the network's."""

    def __init__(self, network: Network, *, domain: Domain | None, max_batch: int | str) -> None:
        own = domain_of(network.input_kind) if domain is None else domain
        super().__init__(domain=own, max_batch=max_batch)
        self.network = network

    def fixed(self) -> AbstractContextManager[None]:
        return self.network.fixed()

    def scale(self, like: Inputs) -> Tensor:
        return self.network.scale(like)

    def origin(self, like: Inputs) -> Tensor:
        return self.network.origin(like)

    @property
    def device(self) -> torch.device:
        return self.network.device

    def prepare(self, x: Inputs) -> Inputs:
        return x.to(self.network.device, self.network.dtype)

    @property
    def preprocessing(self) -> Preprocessing | None:
        return self.network.preprocessing

    @property
    def input_kind(self) -> InputKind | None:
        return self.network.input_kind

    @property
    def class_names(self) -> tuple[str, ...] | None:
        return self.network.class_names

    @property
    def input_shape(self) -> tuple[int, ...] | None:
        return self.network.input_shape


@as_annotated
@final
class Landscape(NetworkLandscape):
    """x -> loss(network(x), target) for a fixed network.

    Args:
        network: the fixed network; its mean and std are applied inside, so x is in data units.
        loss: `CrossEntropy()` (nats) or `Margin()`.
        domain: where inputs may lie: `Box(0, 1)`, `Ball(...)` or `Unbounded()`; by default what the kind of the
            network's inputs says, which is `Box(0, 1)` for images and where nothing is known.
        max_batch: inputs evaluated at once; "auto" finds a size and halves it when memory runs out.
        autocast: torch.bfloat16 runs the network in mixed precision (for accelerators); the loss stays in float32.
    """

    def __init__(
        self,
        network: Network,
        *,
        loss: Loss | None = None,
        domain: Domain | None = None,
        max_batch: int | str = "auto",
        autocast: torch.dtype | None = None,
    ) -> None:
        super().__init__(network, domain=domain, max_batch=max_batch)
        self.loss_function = CrossEntropy() if loss is None else loss
        self.unit = self.loss_function.unit
        self.autocast = autocast

    def __repr__(self) -> str:
        loss = type(self.loss_function).__name__
        return f"Landscape({self.network.name}, {loss}, {repr(self.domain)[:60]}, {self.device})"

    def forward(self, x: Inputs, target: Targets) -> Evaluation:
        with torch.autocast(x.device.type, dtype=self.autocast, enabled=self.autocast is not None):
            logits = self.network.logits(x)
        if logits.dtype in (torch.float16, torch.bfloat16):
            logits = logits.float()
        if self.classes is None:  # whoever knows them has looked at the targets already, without making a device wait
            check_target_range(target, logits.shape[1])
        return Evaluation(self.loss_function(logits, target), logits)

    def try_out(self, x: Inputs) -> None:
        self.network.try_out(self.prepare(x))

    def in_float64(self, seen: Evaluation, target: Targets) -> Losses:
        return self.loss_function(seen.logits.double(), target.to(seen.logits.device)).double()

    def on_even_scale(self, loss: Losses) -> EvenScale | None:
        return self.loss_function.on_even_scale(loss)

    def unsaturated(self, x: Inputs, target: Targets) -> Slope | None:
        """The slope of the margin: cross-entropy is flat where float32 cannot tell a probability from 0 or 1."""
        if isinstance(self.loss_function, Margin):
            return None
        size = self.batch_size or "auto"
        margin = Landscape(self.network, loss=Margin(), domain=self.domain, max_batch=size, autocast=self.autocast)
        margin.classes = self.classes  # so that the targets are not looked at again
        found = margin.gradient(x, target, validated=True)
        self.forward_equivalents += margin.forward_equivalents
        return found

    @property
    def precision(self) -> torch.dtype:
        used = self.network.dtype if self.autocast is None else self.autocast
        return torch.float32 if used == torch.float64 else used  # inputs come in float32

    def describe(self) -> dict[str, Any]:
        return {
            "landscape": type(self).__name__,
            "network": self.network.describe(),
            "loss": type(self.loss_function).__name__,
            "domain": repr(self.domain)[:200],
            "device": str(self.network.device),
            "dtype": str(self.network.dtype),
            "autocast": None if self.autocast is None else str(self.autocast),
        }
