"""Shifts: what happens to innocent images: noise, blur, JPEG files, brightness, at five strengths (after Hendrycks and
Dietterich 2019).
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping

import numpy as np
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter

from isthmus._core.random import generator
from isthmus._core.shapes import Inputs
from isthmus.landscapes.domains import Domain

STRENGTHS = (1, 2, 3, 4, 5)
NOISE = (0.01, 0.02, 0.04, 0.06, 0.08)  # standard deviation, in data units
BLUR = (0.4, 0.6, 0.8, 1.1, 1.5)  # standard deviation, in pixels of an image 32 wide
QUALITY = (90, 75, 60, 45, 30)  # of the JPEG file
BRIGHTNESS = (0.05, 0.1, 0.15, 0.2, 0.3)  # added, in data units


def noise(x: Inputs, strength: int) -> Inputs:
    """Gaussian noise."""
    drawn = torch.randn(x.shape, generator=generator(strength))
    return x + NOISE[strength - 1] * drawn.to(x)


def blur(x: Inputs, strength: int) -> Inputs:
    """A Gaussian blur, wider in larger images."""
    sigma = BLUR[strength - 1] * min(x.shape[-2:]) / 32
    return torch.from_numpy(gaussian_filter(x.numpy(), (0, 0, sigma, sigma), mode="reflect")).to(x)


def jpeg(x: Inputs, strength: int) -> Inputs:
    """Saved as a JPEG file and read again; images of one or three channels."""
    found = []
    for pixels in (x * 255).round().byte().permute(0, 2, 3, 1).numpy():
        stream = io.BytesIO()
        grey = pixels.shape[2] == 1
        Image.fromarray(pixels[:, :, 0] if grey else pixels).save(stream, "JPEG", quality=QUALITY[strength - 1])
        read = np.asarray(Image.open(stream), dtype=np.float32) / 255
        found.append(torch.from_numpy(read[None] if grey else np.moveaxis(read, 2, 0).copy()))
    return torch.stack(found).to(x)


def brightness(x: Inputs, strength: int) -> Inputs:
    """Brighter."""
    return x + BRIGHTNESS[strength - 1]


SHIFTS: Mapping[str, Callable[[Inputs, int], Inputs]] = {
    "noise": noise,
    "blur": blur,
    "JPEG": jpeg,
    "brightness": brightness,
}


def shifted(x: Inputs, name: str, strength: int, domain: Domain) -> Inputs:
    """Inputs (n, *input) after a shift of that name, where inputs may lie."""
    return domain.project(SHIFTS[name](x, strength))


def shifts_for(x: Inputs) -> list[str]:
    """Names of the shifts that inputs of this shape can undergo: of what is no image, noise alone."""
    if x.ndim != 4:
        return ["noise"]
    return [name for name in SHIFTS if name != "JPEG" or x.shape[1] in (1, 3)]
