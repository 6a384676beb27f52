"""Images: files to inputs in data units, and the bad ones by name."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError

from isthmus._core.shapes import Input, Inputs
from isthmus.errors import ImageError
from isthmus.networks.preprocessing import Preprocessing

MAX_PIXELS = 50_000_000
ENDINGS = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


@dataclass(frozen=True, eq=False)
class Images:
    """Inputs x (n, channels, height, width) with pixels in [0, 1], one file each.

    Attributes:
        x: the inputs.
        files: the file of each.
        folders: the name of the folder, that is the class, of each.
        skipped: files that could not be used, with the reason.
    """

    x: Inputs
    files: tuple[Path, ...]
    folders: tuple[str, ...]
    skipped: dict[Path, str]

    def __len__(self) -> int:
        return len(self.files)


def load_images(
    source: str | Path | Iterable[str | Path],
    *,
    preprocessing: Preprocessing | None = None,
    strict: bool = False,
) -> Images:
    """Images of a folder (with one sub-folder a class, or none), of a file, or of a list of files, in sorted order.

    Args:
        source: what to read.
        preprocessing: resize, crop and channels; by default RGB in the size of the files.
        strict: raise at the first file that cannot be used, instead of setting it aside in `skipped`.

    Raises:
        ImageError: nothing there, or no image could be used; sizes differ after preprocessing.
    """
    preprocessing = preprocessing or Preprocessing()
    files = list_images(source)
    inputs: list[Input] = []
    used: list[Path] = []
    skipped: dict[Path, str] = {}
    for file in files:
        try:
            x = read_image(file, preprocessing)
            if inputs and x.shape != inputs[0].shape:
                raise ImageError(
                    f"{file} has the shape {tuple(x.shape)} after preprocessing, {used[0]} has "
                    f"{tuple(inputs[0].shape)}; give a size to bring them to."
                )
        except ImageError as error:
            if strict:
                raise
            skipped[file] = str(error)
        else:
            inputs.append(x)
            used.append(file)
    if not inputs:
        first = next(iter(skipped.values()), "there are no image files")
        raise ImageError(f"No image of {_name(source)} could be used: {first}")
    return Images(torch.stack(inputs), tuple(used), tuple(file.parent.name for file in used), skipped)


def read_image(file: str | Path, preprocessing: Preprocessing | None = None) -> Input:
    """One image (channels, height, width), pixels in [0, 1].

    Raises:
        ImageError: missing, not an image, damaged, or of more than 50 megapixels.
    """
    preprocessing = preprocessing or Preprocessing()
    file = Path(file)
    if not file.is_file():
        raise ImageError(f"{file} does not exist." if not file.exists() else f"{file} is no file.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the size is checked below
            with Image.open(file) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    raise ImageError(
                        f"{file} has {opened.width} x {opened.height} pixels; at most 50 megapixels are read."
                    )
                image = _to_mode(ImageOps.exif_transpose(opened), preprocessing.channels)
    except ImageError:
        raise
    except Image.DecompressionBombError as error:
        raise ImageError(f"{file} has far too many pixels; at most 50 megapixels are read.") from error
    except Exception as error:  # a damaged file makes the decoders raise almost anything
        reason = (str(error) or type(error).__name__).splitlines()[0]
        kind = "is no image that can be read" if isinstance(error, UnidentifiedImageError) else "is damaged"
        raise ImageError(f"{file} {kind} ({reason}).") from error
    pixels = np.asarray(_fit(image, preprocessing), dtype=np.float32) / 255
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


def list_images(source: str | Path | Iterable[str | Path]) -> Sequence[Path]:
    """The image files of a folder and its sub-folders in sorted order; a file or a list of files as they are."""
    if not isinstance(source, str | Path):
        return [Path(file) for file in source]
    source = Path(source)
    if not source.is_dir():
        return [source]
    return sorted(file for file in source.rglob("*") if file.suffix.lower() in ENDINGS and file.is_file())


def _name(source: object) -> str:
    return str(source) if isinstance(source, str | Path) else "the list"


def _to_mode(image: Image.Image, channels: int) -> Image.Image:
    if channels not in _MODES:
        raise ImageError(f"Images can be read with 1, 3 or 4 channels, not {channels}.")
    if image.mode.startswith("I"):  # 16 bits a pixel, which Pillow would clip
        image = Image.fromarray((np.asarray(image, dtype=np.float64) / 257).round().clip(0, 255).astype(np.uint8))
    if image.mode in ("P", "LA", "PA") and channels == 3:
        image = image.convert("RGBA")
    return image.convert(_MODES[channels])


def _fit(image: Image.Image, preprocessing: Preprocessing) -> Image.Image:
    if preprocessing.size is None:
        return image
    height, width = preprocessing.size
    if image.size == (width, height):
        return image
    resampling = Image.Resampling[preprocessing.interpolation.upper()]
    if preprocessing.resize is None:
        return image.resize((width, height), resampling)
    ratio = preprocessing.resize / min(image.size)
    resized = (max(width, round(image.width * ratio)), max(height, round(image.height * ratio)))
    image = image.resize(resized, resampling)
    left, top = (image.width - width) // 2, (image.height - height) // 2
    return image.crop((left, top, left + width, top + height))
