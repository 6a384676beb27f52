"""Images: files to inputs in data units, and the bad ones by name."""

from __future__ import annotations

import logging
import os
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from PIL import Image, ImageFile, ImageOps, UnidentifiedImageError

from isthmus._core.annotated import as_annotated
from isthmus._core.displayed import Displayed
from isthmus._core.files import path_of
from isthmus._core.given import shown
from isthmus._core.shapes import Input, Inputs
from isthmus._core.text import amount
from isthmus._core.warned import warn
from isthmus.errors import ImageError, InputError
from isthmus.inputs.geometry import fitted
from isthmus.inputs.lost import what_is_lost
from isthmus.inputs.preprocessing import Preprocessing

logger = logging.getLogger("isthmus")

MAX_PIXELS = 50_000_000
ENDINGS = frozenset({".bmp", ".gif", ".jpeg", ".jpg", ".png", ".ppm", ".tif", ".tiff", ".webp"})
FORMATS = ("BMP", "GIF", "JPEG", "PNG", "PPM", "TIFF", "WEBP")
TWELVE = 4095  # the highest value of twelve bits
_MODES = {1: "L", 3: "RGB", 4: "RGBA"}


@runtime_checkable
class Preprocessed(Protocol):
    """Whatever knows how image files become its inputs, such as a network."""

    @property
    def preprocessing(self) -> Preprocessing | None: ...


@dataclass(frozen=True, eq=False)
class Images(Displayed):
    """Inputs x (n, channels, height, width) with pixels in [0, 1], one file each.

    Attributes:
        x: the inputs.
        files: the file of each.
        folders: the name of the folder, that is the class, of each: the first below the root, of files in it its own.
        skipped: files that could not be used, with the reason.
    """

    x: Inputs
    files: tuple[Path, ...]
    folders: tuple[str, ...]
    skipped: dict[Path, str]

    def __len__(self) -> int:
        return len(self.files)

    def __repr__(self) -> str:
        aside = f", {len(self.skipped)} set aside" if self.skipped else ""
        folders = amount(len(set(self.folders)), "folder")
        return f"Images({len(self)} of shape {tuple(self.x.shape[1:])} in {folders}{aside})"


@as_annotated
def load_images(
    source: str | Path | Iterable[str | Path],
    *,
    preprocessing: Preprocessing | Preprocessed | None = None,
    strict: bool = False,
) -> Images:
    """Images of a folder (with one sub-folder a class, or none), of a file, or of a list of files, in sorted order.

    Args:
        source: what to read.
        preprocessing: resize, crop and channels, or the network that knows them; by default RGB in
            the size of the files.
        strict: raise at the first file that cannot be used, instead of setting it aside in `skipped`.

    Raises:
        ImageError: nothing there, or no image could be used.

    Warns:
        IsthmusWarning: images were set aside because their sizes differ; or most lose their colours, or are made far
            smaller.
    """
    if isinstance(preprocessing, Preprocessed):
        preprocessing = preprocessing.preprocessing
    if not isinstance(preprocessing, Preprocessing | None):
        raise InputError(f"preprocessing must be a Preprocessing, a Network or None, got {shown(preprocessing)}.")
    preprocessing = preprocessing or Preprocessing()
    files = list_images(source)
    inputs: list[Input] = []
    used: list[Path] = []
    skipped: dict[Path, str] = {}
    other = 0
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
            other += bool(inputs) and "after preprocessing" in str(error)
            skipped[file] = str(error)
        else:
            inputs.append(x)
            used.append(file)
    if not inputs:
        first = next(iter(skipped.values()), "there are no image files")
        raise ImageError(f"No image of {_name(source)} could be used: {first}")
    if other:
        warn(
            f"{other} of {len(files)} images have another size than {used[0]} and were set aside; give "
            "preprocessing=network.preprocessing, which brings all to the size that the network takes.",
        )
    lost = what_is_lost(used, preprocessing)
    if lost is not None:
        warn(lost)
    return Images(torch.stack(inputs), tuple(used), tuple(_folder_of(file, source) for file in used), skipped)


def read_image(file: str | Path, preprocessing: Preprocessing | None = None) -> Input:
    """One image (channels, height, width), pixels in [0, 1]. What is transparent in it is shown on white.

    The content decides how it is read, and it must be of one of the formats in `FORMATS`.

    Raises:
        ImageError: missing, not an image, damaged, of more than 50 megapixels, or of a type without a known range.
    """
    preprocessing = preprocessing or Preprocessing()
    file = Path(file)
    if not file.is_file():
        raise ImageError(f"{file} does not exist." if not file.exists() else f"{file} is no file.")
    try:
        with warnings.catch_warnings(), _nothing_truncated():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # the size is checked below
            with Image.open(file, formats=FORMATS) as opened:
                if opened.width * opened.height > MAX_PIXELS:
                    raise ImageError(f"it has {opened.width} x {opened.height} pixels; at most 50 megapixels are read.")
                image = fitted(_to_mode(ImageOps.exif_transpose(opened), preprocessing.channels), preprocessing)
    except ImageError as error:
        raise ImageError(f"{file}: {error}") from error
    except Image.DecompressionBombError as error:
        raise ImageError(f"{file} has far too many pixels; at most 50 megapixels are read.") from error
    except Exception as error:  # a damaged file makes the decoders raise almost anything
        reason = (str(error) or type(error).__name__).splitlines()[0]
        kind = "is no image that can be read" if isinstance(error, UnidentifiedImageError) else "is damaged"
        raise ImageError(f"{file} {kind} ({reason}).") from error
    pixels = np.asarray(image, dtype=np.float32) / 255
    if pixels.ndim == 2:
        pixels = pixels[:, :, None]
    return torch.from_numpy(pixels).permute(2, 0, 1).contiguous()


_truncation = threading.Lock()


@contextmanager
def _nothing_truncated() -> Iterator[None]:
    """Half an image is an error, whatever another library has told Pillow."""
    with _truncation:
        before = ImageFile.LOAD_TRUNCATED_IMAGES
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        try:
            yield
        finally:
            ImageFile.LOAD_TRUNCATED_IMAGES = before


def list_images(source: str | Path | Iterable[str | Path]) -> Sequence[Path]:
    """The image files of a folder and its sub-folders in sorted order; a file or a list of files as they are.

    Links to folders are followed, each folder once. Hidden files and folders take no part.
    """
    if not isinstance(source, str | Path):
        return [_path_of(file) for file in source]
    source = _path_of(source)
    return [source] if not source.is_dir() else list_files(source, ENDINGS)


def _path_of(file: object) -> Path:
    if not isinstance(file, str | Path):
        raise InputError(f"Images are named by their paths, got {shown(file)}.")
    return path_of(file)


def list_files(folder: Path, endings: frozenset[str]) -> list[Path]:
    """The files of a folder and its sub-folders with these endings, in sorted order; hidden ones take no part."""
    return [file for file in _files(folder) if file.suffix.lower() in endings]


def other_files(folder: Path, endings: frozenset[str]) -> list[Path]:
    """The files of a folder, hidden ones left out, whose ending is none of these."""
    return [file for file in _files(folder) if file.suffix.lower() not in endings]


def label_of(file: Path, folder: Path) -> str | None:
    """The class that a file's place says: the first folder below the root; None for files in the root itself."""
    parts = file.relative_to(folder).parts
    return parts[0] if len(parts) > 1 else None


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []
    seen: set[str] = set()
    for here, folders, files in os.walk(folder, followlinks=True):
        real = os.path.realpath(here)
        folders[:] = [] if real in seen else [name for name in folders if not _hidden(name)]
        if real not in seen:
            found += [Path(here) / name for name in files if not _hidden(name)]
        seen.add(real)
    return sorted(file for file in found if file.is_file())


def _hidden(name: str) -> bool:
    return name.startswith(".") or name == "__MACOSX"


def _folder_of(file: Path, source: object) -> str:
    label = label_of(file, Path(source)) if isinstance(source, str | Path) and Path(source).is_dir() else None
    return label or file.parent.name


def _name(source: object) -> str:
    return str(source) if isinstance(source, str | Path) else "the list"


def _to_mode(image: Image.Image, channels: int) -> Image.Image:
    if channels not in _MODES:
        raise ImageError(f"images can be read with 1, 3 or 4 channels, not {channels}.")
    if image.mode.startswith(("I", "F")):
        image = _to_eight_bits(image)
    if channels != 4 and (image.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in image.info):
        over = image.convert("RGBA")
        if int(np.asarray(over)[..., 3].min()) < 255:
            logger.info("what is transparent in images is shown on white")
        image = Image.alpha_composite(Image.new("RGBA", over.size, (255, 255, 255, 255)), over)
    return image.convert(_MODES[channels])


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Grey of more than eight bits, where its range is known: Pillow would clip it."""
    values = np.asarray(image, dtype=np.float64)
    low, high = float(values.min()), float(values.max())
    sixteen = image.mode.startswith("I;16") or (image.mode == "I" and image.format == "PNG")
    if image.mode == "F" and low >= 0 and high <= 1:
        scaled = values * 255
    elif sixteen and high > TWELVE:
        scaled = values / 257
    else:
        kind = "16-bit" if sixteen else "32-bit" if image.mode.startswith("I") else "floating-point"
        raise ImageError(
            f"its {kind} values go from {low:g} to {high:g}, which does not say what black and white are (12 bits in "
            "16?); save it with 8 bits, with 16 that use their range, or as numbers between 0 and 1."
        )
    return Image.fromarray(scaled.round().clip(0, 255).astype(np.uint8))
