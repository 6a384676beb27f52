"""Inputs of any shape as pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from isthmus._core.shapes import Input

Pixels = NDArray[np.uint8]


def to_pixels(x: Input) -> Pixels:
    """An input as pixels (height, width, 3) for data in [0, 1].

    Images with 1, 3 or 4 channels are shown as such (4: over white), other channel counts side by side in grey, and
    rows of numbers as a row of stripes.
    """
    values = x.detach().cpu().double().numpy()
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


def difference(x: Input, base: Input) -> tuple[Pixels, float]:
    """X - base magnified around middle grey, and the factor: the largest of 1, 2, 5, 10, ... that clips at most one
    value in two hundred.
    """
    change = (x - base).detach().cpu().double()
    size = float(np.quantile(change.abs().numpy(), 0.995)) if change.numel() else 0.0
    factors = [digit * 10.0**power for power in range(5) for digit in (1, 2, 5)]
    factor = max((f for f in factors if f * size <= 0.5), default=1.0) if size > 0 else 1.0
    shown = change[:3] if change.ndim == 3 and len(change) == 4 else change  # alpha would hide the colours
    return to_pixels((shown * factor + 0.5).clamp(0, 1)), factor


def to_image(pixels: Pixels, largest: int) -> Image.Image:
    """A picture no larger than `largest` pixels a side."""
    image = Image.fromarray(pixels)
    image.thumbnail((largest, largest), Image.Resampling.LANCZOS)
    return image


def mosaic(inputs: Sequence[Input], columns: int) -> tuple[Pixels, list[tuple[float, float]]]:
    """Inputs in rows on white, with room for a line below each; and where that line stands: across, down."""
    tiles = [to_pixels(x) for x in inputs]
    height, width = (max(1, *(tile.shape[axis] for tile in tiles)) for axis in (0, 1))
    times = max(1, -(-48 // max(height, width)))  # small inputs in whole pixels
    tiles = [tile.repeat(times, 0).repeat(times, 1) for tile in tiles]
    height, width = max(height * times, 12), width * times
    gap, line = max(2, width // 16), max(8, width // 4)
    rows = -(-len(tiles) // columns)
    across = min(columns, len(tiles))
    picture = np.full((rows * (height + line), across * (width + gap) - gap, 3), 255, np.uint8)
    places = []
    for number, tile in enumerate(tiles):
        y, x = (number // columns) * (height + line), (number % columns) * (width + gap)
        tall = tile if tile.shape[0] >= height else tile.repeat(-(-height // tile.shape[0]), 0)[:height]
        picture[y : y + tall.shape[0], x : x + tall.shape[1]] = tall
        places.append((x + width / 2, y + height + line * 0.1))
    return picture, places
