"""Layers: what a module inside a network answers."""

from __future__ import annotations

import difflib
import threading
from typing import Any

from torch import Tensor, nn

from isthmus._core.shapes import Inputs
from isthmus.errors import InputError
from isthmus.networks.network import Network
from isthmus.networks.outputs import unwrap


def module_of(network: Network, layer: str) -> nn.Module:
    """The module of that name, as in `named_modules()`; "" is the whole network.

    Raises:
        InputError: there is none; the nearest names are listed.
    """
    modules = dict(network.model.named_modules())
    found: nn.Module | None = modules.get(layer)
    if found is not None:
        return found
    names = [name for name in modules if name]
    near = difflib.get_close_matches(layer, names, n=5, cutoff=0.5)
    listed = f"near it: {', '.join(near)}" if near else f"there are {', '.join(names[:40])}"
    raise InputError(f"The network has no layer '{layer}'; {listed}{' ...' if len(names) > 40 else ''}.")


def answer_of(network: Network, layer: str, module: nn.Module, x: Inputs) -> Tensor:
    """What the layer answers to inputs (n, *input) in data units, as it is; gradients flow.

    Args:
        network: the network.
        layer, module: the layer's name, and what `module_of` gives for it: it is looked for once, not in every pass.
        x: the inputs.

    Raises:
        InputError: the layer takes no part in the forward pass.
    """
    if not layer:
        return network.logits(x)
    seen: list[Tensor] = []
    mine = threading.get_ident()

    def keep(_module: object, _inputs: object, output: Any) -> None:
        if threading.get_ident() == mine:  # others may run the same module meanwhile
            seen.append(_tensor_of(output).clone())  # what comes next may work in place, as many ReLUs do

    handle = module.register_forward_hook(keep)
    try:
        network.logits(x)
    finally:
        handle.remove()
    if not seen:
        raise InputError(f"The layer '{layer}' takes no part in the network's forward pass.")
    return seen[-1]


def _tensor_of(output: Any) -> Tensor:
    """The tensor that a layer gave: layers inside may give tuples."""
    if isinstance(output, tuple | list):
        output = output[0]
    return output if isinstance(output, Tensor) else unwrap(output)
