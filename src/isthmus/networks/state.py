"""Holding a model fixed for a while, and giving it back exactly as it was.

Held is the *model*: however many networks are around it, and in however many threads they are evaluated, the first hold
puts it into eval mode, and the last one to end gives it back.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from weakref import WeakKeyDictionary

import numpy as np
import torch
from torch import nn


class _Hold:
    """Who holds a model: how many, and how it is given back."""

    def __init__(self) -> None:
        self.count = 0
        self.restore = ExitStack()


_lock = threading.RLock()
_holds: WeakKeyDictionary[nn.Module, _Hold] = WeakKeyDictionary()


@contextmanager
def held_fixed(model: nn.Module) -> Iterator[None]:
    """Inside: eval mode everywhere and no weight asks for a gradient. After the last hold: as before the first."""
    with _lock:
        hold = _holds.setdefault(model, _Hold())
        if not hold.count:
            hold.restore = ExitStack()
            hold.restore.enter_context(_fixed(model))
        hold.count += 1
    try:
        yield
    finally:
        with _lock:
            hold.count -= 1
            if not hold.count:
                hold.restore.close()


def is_held(model: nn.Module) -> bool:
    """Whether somebody holds the model."""
    hold = _holds.get(model)
    return hold is not None and hold.count > 0


@contextmanager
def _fixed(model: nn.Module) -> Iterator[None]:
    modes = [(module, module.training) for module in model.modules()]
    asked = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    with _random_state_kept(next(model.parameters(), torch.empty(0)).device):
        try:
            _put((module, False) for module, _ in modes)
            _ask((parameter, False) for parameter, _ in asked)
            yield
        finally:
            _put(modes)
            _ask(asked)


def _put(modes: Iterable[tuple[nn.Module, bool]]) -> None:
    # Not module.eval(): models may override train(), and an override may do anything.
    for module, training in modes:
        if module.training != training:  # setting an attribute of a module takes long
            module.training = training


def _ask(gradients: Iterable[tuple[torch.Tensor, bool]]) -> None:
    for parameter, wanted in gradients:
        if parameter.requires_grad != wanted:
            parameter.requires_grad_(wanted)


@contextmanager
def _random_state_kept(device: torch.device) -> Iterator[None]:
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 (the global generator is what others use)
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        try:
            yield
        finally:
            random.setstate(python)
            np.random.set_state(numpy)  # noqa: NPY002
