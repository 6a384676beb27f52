"""What callers give: tensors, NumPy arrays, and whatever else gives an array of itself, as tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from isthmus._core.text import shorten, visible
from isthmus.errors import InputError

LENGTH = 80  # of what is shown of a value


def tensor_of(name: str, value: object) -> Tensor:
    """A tensor as it is; a copy of an array, with its type of numbers.

    Raises:
        InputError: it is neither, or holds no numbers. `name` is what the caller calls it.
    """
    if isinstance(value, Tensor):
        return value
    if not hasattr(value, "__array__"):
        raise InputError(f"{name} must be a tensor or a NumPy array, got {type(value).__name__}.")
    if isinstance(value, np.ma.MaskedArray) and bool(np.ma.getmaskarray(value).any()):
        raise InputError(f"{name} must be complete, got a masked array; fill what is missing, or leave it out.")
    # A copy: torch warns of read-only memory, and ours may be changed.
    array: np.ndarray[Any, Any] = np.array(value, order="C", subok=False)
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise InputError(f"{name} must hold numbers of at most 64 bits, got an array of {array.dtype}.")
    return torch.from_numpy(array.astype(array.dtype.newbyteorder("="), order="C", copy=False))


def shown(value: object) -> str:
    """A value in a message: short, in one line, and an array by its shape."""
    if isinstance(value, Tensor | np.ndarray):
        kind = "a tensor" if isinstance(value, Tensor) else "an array"
        return f"{kind} of shape {tuple(value.shape)} and type {str(value.dtype).removeprefix('torch.')}"
    if isinstance(value, str | bytes):
        return shorten(repr(value[: 2 * LENGTH]), LENGTH)
    if isinstance(value, list | tuple | set | dict) and len(value) > 8:
        return f"a {type(value).__name__} of {len(value)}"
    if isinstance(value, type):
        return f"the class {value.__name__}"
    try:
        return shorten(visible(" ".join(repr(value).split())), LENGTH)
    except Exception:  # noqa: BLE001 - somebody's own repr may fail in any way
        return f"a {type(value).__name__}"


def numbers_of(name: str, value: object) -> Tensor:
    """A number, a sequence of them or an array as real numbers in float64 on the CPU.

    Raises:
        InputError: it is none of these, or no plain tensor. `name` is what the caller calls it.
    """
    try:
        given = value if isinstance(value, Tensor) else torch.as_tensor(np.asarray(value, dtype=np.float64))
        if given.layout is torch.strided and not given.is_meta and not given.is_complex():
            return given.detach().to("cpu", torch.float64)
    except (TypeError, ValueError, OverflowError):
        pass
    raise InputError(f"{name} must hold real numbers, got {shown(value)}.")
