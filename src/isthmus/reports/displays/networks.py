"""Displays of networks and landscapes."""

from __future__ import annotations

from collections.abc import Sequence

from isthmus.landscapes import AbstractLandscape, Landscape
from isthmus.networks.network import Network
from isthmus.reports.displays.base import display_of
from isthmus.reports.displays.card import card, facts
from isthmus.reports.style import shorten


@display_of.register
def of_network(network: Network) -> str:
    """What it is made of, what it takes and says."""
    count = sum(tensor.numel() for tensor in network.model.parameters())
    names = network.class_names
    shape = network.input_shape
    return card(
        network.name,
        facts(
            {
                "model": f"{type(network.model).__name__}, {count:,} weights",
                "inputs": None if shape is None else " × ".join(map(str, shape)),
                "mean, std": _normalised(network),
                "classes": None if names is None else f"{len(names):,}: {_some(names)}",
                "device": f"{network.device}, {str(network.dtype).removeprefix('torch.')}",
                "takes": None if network.input_kind is None else network.input_kind.about(),
            }
        ),
    )


@display_of.register
def of_landscape(landscape: AbstractLandscape) -> str:
    """Loss, domain and network, and what was spent on it."""
    network = landscape.network if isinstance(landscape, Landscape) else None
    loss = type(landscape.loss_function).__name__ if isinstance(landscape, Landscape) else "loss"
    return card(
        type(landscape).__name__ + ("" if network is None else f" of {network.name}"),
        facts(
            {
                "loss": f"{loss}, in {landscape.unit}",
                "domain": shorten(repr(landscape.domain), 80),
                "classes": landscape.classes,
                "spent": f"{landscape.forward_equivalents:,} forward-equivalents",
                "inputs at once": landscape.batch_size,
                "device": str(landscape.device),
            }
        ),
    )


def _normalised(network: Network) -> str | None:
    if network.mean is None and network.std is None:
        return "none: takes data units as they are"
    mean = "0" if network.mean is None else ", ".join(f"{v:.3g}" for v in network.mean.tolist()[:3])
    std = "1" if network.std is None else ", ".join(f"{v:.3g}" for v in network.std.tolist()[:3])
    return f"{mean}; {std}"


def _some(names: Sequence[str]) -> str:
    return ", ".join(shorten(name, 18) for name in names[:4]) + (", …" if len(names) > 4 else "")
