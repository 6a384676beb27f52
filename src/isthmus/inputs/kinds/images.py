"""Images: pixels between 0 and 1, (channels, height, width)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from PIL import Image

from isthmus._core.shapes import Input, Inputs
from isthmus.errors import ImageError, InputError
from isthmus.inputs.base import Collection
from isthmus.inputs.images import read_image
from isthmus.inputs.kinds.base import InputKind, Pixels
from isthmus.inputs.preprocessing import Preprocessing


@dataclass(frozen=True)
class Images(InputKind):
    """Images of 1, 3 or 4 channels.

    Attributes:
        preprocessing: how a file becomes an input; None takes it as it is, in RGB.
    """

    preprocessing: Preprocessing | None = None

    name: ClassVar[str] = "image"
    one: ClassVar[str] = "image"
    many: ClassVar[str] = "images"
    kept_as: ClassVar[str] = "8-bit images"
    space: ClassVar[str] = "space of images"

    def about(self) -> str:
        return self.many if self.preprocessing is None else f"{self.many}, {self.preprocessing.source}"

    def open(self, source: Path) -> Collection:
        from isthmus.inputs.files import FileCollection, FolderCollection

        if source.is_file():  # the content says whether it is one
            return FileCollection([source], [source.name], self)
        if not source.is_dir():
            raise ImageError(f"{source} is no folder of images and no file.")
        return FolderCollection(source, self)

    def read(self, source: str) -> Input:
        return read_image(source, self.preprocessing)

    def pixels(self, x: Input) -> Pixels:
        return pixels_of(x)

    def change(self, x: Input, base: Input) -> tuple[Pixels, str]:
        """X - base around middle grey, magnified by the largest of 1, 2, 5, 10, ... that clips at most one value in two
        hundred.
        """
        change = (x - base).detach().cpu().double()
        size = float(np.quantile(change.abs().numpy(), 0.995)) if change.numel() else 0.0
        factors = [digit * 10.0**power for power in range(5) for digit in (1, 2, 5)]
        factor = max((f for f in factors if f * size <= 0.5), default=1.0) if size > 0 else 1.0
        shown = change[:3] if change.ndim == 3 and len(change) == 4 else change  # alpha would hide the colours
        return pixels_of((shown * factor + 0.5).clamp(0, 1)), f"× {factor:g}"

    def nearest(self, x: Inputs) -> Inputs:
        return (x * 255).round() / 255

    def write(self, x: Input, file: Path) -> Path:
        file = file.with_suffix(".png")
        values = pixels_of(x)
        if x.ndim == 3 and len(x) == 1:
            values = values[:, :, 0]
        elif x.ndim == 3 and len(x) == 4:
            values = (x.detach().cpu().double().numpy().transpose(1, 2, 0).clip(0, 1) * 255).round().astype(np.uint8)
        Image.fromarray(values).save(file, format="PNG")
        return file

    def how_read(self) -> None:
        return None

    def describe(self) -> dict[str, Any]:
        return {"kind": self.name}  # how files are read, networks say of themselves


def pixels_of(x: Input) -> Pixels:
    """An input as pixels (height, width, 3) for data in [0, 1].

    Images with 1, 3 or 4 channels are shown as such (4: over white), other channel counts side by side in grey, and
    rows of numbers as a row of stripes.
    """
    values = x.detach().cpu().double().numpy()
    if values.ndim == 0:
        raise InputError("An image has at least one axis, got a number.")
    if values.ndim == 1:
        values = values[None, None]
    elif values.ndim == 2:
        values = values[None]
    elif values.ndim > 3:  # slices of a volume, not colours
        values = np.concatenate(list(values.reshape(-1, *values.shape[-2:])), axis=1)[None]
    channels = len(values)
    if channels == 4:
        values = values[:3] * values[3:] + 1 - values[3:]
    elif channels not in (1, 3):
        values = np.concatenate(list(values), axis=1)[None]
    if len(values) == 1:
        values = np.repeat(values, 3, axis=0)
    return (values.transpose(1, 2, 0).clip(0, 1) * 255).round().astype(np.uint8)
