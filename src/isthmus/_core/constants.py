"""Constants: numbers that stay, such as bounds or means, beside the tensors that they are used with."""

from __future__ import annotations

import threading
from typing import Any

from torch import Tensor
from torch.utils.weak import WeakIdKeyDictionary

_moved: Any = WeakIdKeyDictionary()  # of each constant: its version, and what was made of it
_lock = threading.Lock()


def beside(constant: float | Tensor, like: Tensor) -> Tensor:
    """The constant on the device and in the type of a tensor. What is moved to another device is moved once: every
    transfer makes an accelerator wait.
    """
    if not isinstance(constant, Tensor):
        return like.new_full((), constant)
    if constant.device == like.device or constant.is_inference():
        return constant.to(like)
    key = (like.device, like.dtype)
    with _lock:
        version, made = _moved.get(constant, (None, {}))
        if version != constant._version:  # somebody has changed it in place
            made = {}
        if key not in made:
            made[key] = constant.to(like)
        _moved[constant] = (constant._version, made)
        found: Tensor = made[key]
    return found
