"""Arrays: inputs of any shape of which nothing is known but their numbers."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from isthmus._core.shapes import Input
from isthmus.errors import ImageError
from isthmus.inputs.base import Collection
from isthmus.inputs.kinds.base import InputKind, Limits, Pixels
from isthmus.inputs.kinds.canvas import colored

WIDEST = 256  # numbers across in a picture


class Arrays(InputKind):
    """Inputs of any shape. They are drawn as a map of their numbers, blue below zero and red above."""

    name: ClassVar[str] = "array"
    one: ClassVar[str] = "array"
    many: ClassVar[str] = "arrays"
    kept_as: ClassVar[str] = "arrays"

    def open(self, source: Path) -> Collection:
        raise ImageError(f"{source}: arrays are read from an .npz file with the arrays x and, where known, y.")

    def read(self, source: str) -> Input:
        raise ImageError(f"{source}: of arrays, give an .npz file with the arrays x and, where known, y.")

    def pixels(self, x: Input) -> Pixels:
        flat = _flat(x)
        return colored(flat, float(np.abs(flat).max(initial=0.0)))

    def change(self, x: Input, base: Input) -> tuple[Pixels, str]:
        flat = _flat(x - base)
        largest = float(np.abs(flat).max(initial=0.0))
        return colored(flat, largest), f"change, up to {largest:.2g}"

    def limits(self) -> Limits:
        return Limits()


def _flat(x: Input) -> NDArray[np.float64]:
    """As rows and columns: of more than two axes, slices side by side."""
    values = x.detach().cpu().double().numpy()
    if values.ndim > 2:
        values = np.concatenate(list(values.reshape(-1, *values.shape[-2:])), axis=1)
    values = values if values.ndim > 1 else values.reshape(1, -1)
    return values[:, :: max(1, values.shape[1] // WIDEST)]
