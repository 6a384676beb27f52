"""What callers give: tensors, NumPy arrays, and whatever else gives an array of itself, as tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from isthmus.errors import InputError


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
