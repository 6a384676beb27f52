"""NetworkChoice: which network, and the landscape on it, as command line, studies and experiments name them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from isthmus import registries
from isthmus._core.registry import OWN
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape, Landscape
from isthmus.networks.network import Network
from isthmus.networks.specs import call_factory, load_network


@dataclass(frozen=True, kw_only=True)
class NetworkChoice:
    """A network by its spec, and the landscape on it.

    Attributes:
        network: spec of the network. A `py:` factory may also return a landscape of its own.
        weights: its weights, where they are not the spec's own.
        mean, std, size: replace the normalisation and the (height, width) that come with the spec.
        loss, domain: by name, what makes an input low and where inputs may lie; the domain auto is that of the kind of
            inputs.
        device: where it is evaluated: auto (a CUDA device where there is one), cpu, cuda, cuda:1.
        max_batch: inputs evaluated at once, or "auto".
        autocast: whether it runs in bfloat16 mixed precision.
    """

    network: str = "digits"
    weights: Path | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    size: tuple[int, int] | None = None
    loss: str = "cross-entropy"
    domain: str = "auto"
    device: str = "auto"
    max_batch: int | str = "auto"
    autocast: bool = False

    def open(self) -> AbstractLandscape:
        """The landscape.

        Raises:
            IsthmusError: the network cannot be loaded, or a name is not known.
        """
        choose_device(self.device)
        if self.network.startswith(OWN):
            made = call_factory(self.network)
            if isinstance(made, AbstractLandscape):
                self._only_the_spec()
                return made
        return self.on(self.load())

    def load(self) -> Network:
        """The network alone."""
        return load_network(
            self.network,
            weights=self.weights,
            mean=self.mean,
            std=self.std,
            size=self.size,
            device=choose_device(self.device),
        )

    def on(self, network: Network) -> Landscape:
        """The landscape of the choice on a network that was loaded before."""
        return Landscape(
            network,
            loss=registries.LOSSES.make(self.loss),
            domain=None if self.domain == "auto" else registries.DOMAINS.make(self.domain),
            max_batch=self.max_batch,
            autocast=torch.bfloat16 if self.autocast else None,
        )

    def _only_the_spec(self) -> None:
        plain = NetworkChoice(network=self.network, device=self.device)
        given = [name for name in NetworkChoice.__dataclass_fields__ if getattr(self, name) != getattr(plain, name)]
        if given:
            raise InputError(f"{self.network} is a landscape of its own, which takes no {', '.join(sorted(given))}.")


def choose_device(name: str) -> str:
    """`auto`, resolved: a CUDA device where there is one.

    Raises:
        InputError: the device cannot be used here.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        raise InputError(
            f"The device {name} cannot be used here ({str(error).splitlines()[0]}); try cpu, or isthmus doctor."
        ) from error
    return name
