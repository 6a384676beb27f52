"""Whether a Preprocessing makes the pixels of an image processor: tried out, because processors have ways of their own
that no setting tells.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from isthmus.errors import SpecError
from isthmus.inputs.geometry import fitted
from isthmus.inputs.preprocessing import Preprocessing
from isthmus.networks.hub.reading import Place

TOLERANCE = 1.01 / 255  # one level
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


def check_pixels(
    processor: Any,
    preprocessing: Preprocessing,
    mean: Sequence[float] | None,
    std: Sequence[float] | None,
    place: Place,
) -> None:
    """A processor and a Preprocessing agree on a picture that is wide and on one that is tall.

    Raises:
        SpecError: they do not.
    """
    height, width = preprocessing.size or (40, 40)
    for size in ((width * 3 // 2 + 1, height + height // 7 + 2), (width + width // 9 + 2, height * 4 // 3 + 3)):
        image = picture(size, preprocessing.channels)
        mine = torch.from_numpy(np.asarray(fitted(image, preprocessing), dtype=np.float32) / 255)
        mine = mine[None] if mine.ndim == 2 else mine.permute(2, 0, 1)
        reason = _difference(mine, processor, image, mean, std)
        if reason is not None:
            raise SpecError(
                f"{place}: its {type(processor).__name__} prepares images in a way of its own ({reason}); make a "
                "Network of your own of the model, with a Preprocessing that suits it."
            )


def picture(size: tuple[int, int], channels: int, seed: int = 0) -> Image.Image:
    """A smooth picture with noise, (width, height)."""
    random = np.random.default_rng(seed)
    small = random.integers(0, 255, (9, 7, channels), dtype=np.uint8).squeeze()
    smooth = Image.fromarray(small, _MODES[channels]).resize(size, Image.Resampling.BICUBIC)
    pixels = np.asarray(smooth, dtype=int)
    pixels = pixels + random.integers(-20, 20, pixels.shape)
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8), _MODES[channels])


def _difference(
    mine: Tensor, processor: Any, image: Image.Image, mean: Sequence[float] | None, std: Sequence[float] | None
) -> str | None:
    """In what the processor's pixels are others, if they are."""
    try:
        theirs = processor(images=[image], return_tensors="pt")["pixel_values"][0]
    except Exception as error:  # noqa: BLE001 (code of others; what it says becomes the reason)
        return f"it fails on a picture: {(str(error).strip().splitlines() or [type(error).__name__])[0][:100]}"
    if tuple(theirs.shape) != tuple(mine.shape):
        return f"inputs of shape {tuple(theirs.shape)} instead of {tuple(mine.shape)}"
    theirs = theirs.float() * _spread(std, 1.0) + _spread(mean, 0.0)
    largest = float((mine - theirs).abs().max())
    return None if largest < TOLERANCE else f"pixels differ by up to {255 * largest:.0f} of 255"


def _spread(values: Sequence[float] | None, default: float) -> Tensor:
    return torch.tensor([default] if values is None else list(values))[:, None, None]
