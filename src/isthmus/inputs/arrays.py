"""Arrays in memory, such as those of an `.npz` file, and the embedded digits."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from isthmus._core.shapes import Input
from isthmus.errors import ImageError
from isthmus.inputs.base import Collection

if TYPE_CHECKING:
    from isthmus.inputs.kinds.base import InputKind

PLANES = (1, 3, 4)  # what the last axis of 8-bit images may hold


class ArrayCollection(Collection):
    """Arrays: 8-bit images (n, height, width) or (n, height, width, channels), or anything in data units (n, *input).

    Nothing is applied to them: arrays have the shape that the network takes.
    """

    def __init__(self, name: str, x: NDArray[Any], y: NDArray[Any] | None) -> None:
        if x.ndim < 2 or not len(x) or x.dtype.kind not in "uf" or (x.dtype.kind == "u" and x.dtype != np.uint8):
            raise ImageError(
                f"{name} must be a non-empty array (n, ...) of bytes or floating-point numbers, got "
                f"{x.dtype} {x.shape}."
            )
        if y is not None and y.shape != (len(x),):
            raise ImageError(f"The labels of {name} must have the shape ({len(x)},), got {y.shape}.")
        self.x = x if x.dtype.isnative else x.astype(x.dtype.newbyteorder("="))
        self.names = tuple(f"{name}[{number}]" for number in range(len(x)))
        self.labels = (None,) * len(x) if y is None else tuple(str(label) for label in y.tolist())

    def read(self, number: int, kind: InputKind | None) -> Input:
        values = self.x[number]
        if values.dtype != np.uint8:
            return torch.from_numpy(np.array(values, dtype=values.dtype if values.itemsize > 2 else np.float32))
        pixels = torch.from_numpy(np.array(values)).float() / 255
        if pixels.ndim == 2:
            return pixels[None]
        return pixels.permute(2, 0, 1).contiguous() if pixels.ndim == 3 and pixels.shape[2] in PLANES else pixels

    def digest(self, number: int) -> str:
        values = self.x[number]
        head = f"{values.dtype} {values.shape}\n".encode()
        return hashlib.sha256(head + np.ascontiguousarray(values).tobytes()).hexdigest()


def digits(*, held_out: bool = True) -> Collection:
    """The digits of scikit-learn (Alpaydin and Kaynak 1998): held out from the embedded network, or the others."""
    from sklearn.datasets import load_digits

    data = load_digits()
    numbers = np.flatnonzero((np.arange(len(data.target)) % 5 == 0) == held_out)
    found = ArrayCollection("digits", (data.images[numbers, None] / 16).astype(np.float32), data.target[numbers])
    found.names = tuple(f"digit {number}" for number in numbers)
    return found
