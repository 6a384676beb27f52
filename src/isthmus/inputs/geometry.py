"""Geometry of images: resized and cropped to the pixel as the libraries do that own the weights.

torchvision: `Resize(int)` brings the shorter side to that length and cuts off the fraction of the longer; `CenterCrop`
rounds its offsets to even, and pads what is too small. timm: `ResizeKeepRatio` rounds both sides. Hugging Face rounds
offsets down.
"""

from __future__ import annotations

from PIL import Image, ImageOps

from isthmus.errors import ImageError
from isthmus.inputs.preprocessing import Preprocessing

LONGEST = 16  # times the shorter side: beyond it a resized image would fill the memory


def fitted(image: Image.Image, preprocessing: Preprocessing) -> Image.Image:
    """The image as the network takes it.

    Raises:
        ImageError: its sides are too unequal.
    """
    if preprocessing.size is None or image.size == preprocessing.size[::-1]:
        return image
    height, width = preprocessing.size
    resampling = Image.Resampling[preprocessing.interpolation.upper()]
    if preprocessing.resize is None:
        return image.resize((width, height), resampling)
    if max(image.size) > LONGEST * min(image.size):
        raise ImageError(f"it has {image.width} x {image.height} pixels, sides too unequal to be cropped to a square.")
    resized = image.resize(_resized(image.size, preprocessing), resampling)
    return _cropped(resized, (width, height), preprocessing)


def _resized(size: tuple[int, int], preprocessing: Preprocessing) -> tuple[int, int]:
    """(width, height) before the crop."""
    wanted = preprocessing.resize
    assert wanted is not None
    target = (wanted, wanted) if isinstance(wanted, int) else (wanted[1], wanted[0])
    if preprocessing.crop_mode == "squash":
        return target
    if preprocessing.crop_mode == "border":
        ratio = max(size[0] / target[0], size[1] / target[1])
        return round(size[0] / ratio), round(size[1] / ratio)
    if target[0] != target[1]:
        ratio = min(size[0] / target[0], size[1] / target[1])
        return round(size[0] / ratio), round(size[1] / ratio)
    short, long = min(size), max(size)
    other = int(target[0] * long / short)
    return (target[0], other) if size[0] <= size[1] else (other, target[0])


def _cropped(image: Image.Image, size: tuple[int, int], preprocessing: Preprocessing) -> Image.Image:
    fill = preprocessing.fill[: len(image.getbands())] if preprocessing.crop_mode == "border" else (0, 0, 0, 0)
    missing = [max(0, wanted - side) for wanted, side in zip(size, image.size, strict=True)]
    if any(missing):
        left, top = missing[0] // 2, missing[1] // 2
        border = (left, top, missing[0] - left, missing[1] - top)
        bands = len(image.getbands())
        color = fill[0] if bands == 1 else tuple((*fill, 255)[:bands])
        image = ImageOps.expand(image, border, color)
    free = [side - wanted for side, wanted in zip(image.size, size, strict=True)]
    left, top = (each // 2 if preprocessing.rounding == "down" else round(each / 2) for each in free)
    return image.crop((left, top, left + size[0], top + size[1]))
