"""Inputs as pictures: what a kind of inputs draws, in the sizes of figures and pages."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image

from isthmus._core.shapes import Input
from isthmus.inputs.kinds import InputKind, kind_for
from isthmus.inputs.kinds.base import Pixels

__all__ = ["Pixels", "difference", "mosaic", "to_image", "to_pixels"]


def to_pixels(x: Input, kind: InputKind | None = None) -> Pixels:
    """An input as pixels (height, width, 3), as its kind draws it."""
    return kind_for(kind, tuple(x.shape)).pixels(x)


def difference(x: Input, base: Input, kind: InputKind | None = None) -> tuple[Pixels, str]:
    """What makes x another than base, as its kind draws it, and a caption."""
    return kind_for(kind, tuple(x.shape)).change(x, base)


def to_image(pixels: Pixels, largest: int) -> Image.Image:
    """A picture no larger than `largest` pixels a side."""
    image = Image.fromarray(pixels)
    image.thumbnail((largest, largest), Image.Resampling.LANCZOS)
    return image


def mosaic(
    inputs: Sequence[Input], columns: int, kind: InputKind | None = None
) -> tuple[Pixels, list[tuple[float, float]]]:
    """Inputs in rows on white, with room for a line below each; and where that line stands: across, down."""
    tiles = [to_pixels(x, kind) for x in inputs]
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
