"""Collection: named inputs that are read when they are needed, so that there may be more of them than memory."""

from __future__ import annotations

import hashlib
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from isthmus._core.files import sha256
from isthmus._core.shapes import Input
from isthmus.errors import ImageError
from isthmus.inputs.images import list_images, read_image
from isthmus.networks.preprocessing import Preprocessing

PLANES = (1, 3, 4)  # what the last axis of 8-bit images may hold


class Collection(ABC):
    """Inputs by number.

    Attributes:
        names: what each is called.
        labels: the class that each is said to have, as a word or an index; None where nothing is said.
    """

    names: tuple[str, ...]
    labels: tuple[str | None, ...]

    def __len__(self) -> int:
        return len(self.names)

    @abstractmethod
    def read(self, number: int, preprocessing: Preprocessing | None) -> Input:
        """One input in data units.

        Raises:
            ImageError: it cannot be read.
        """

    @abstractmethod
    def digest(self, number: int) -> str:
        """SHA-256 of what the input is read from."""


class FileCollection(Collection):
    """Image files, of which nothing is said."""

    def __init__(self, files: Sequence[Path], names: Sequence[str]) -> None:
        self.files = list(files)
        # File names need not be text; what is none is shown as question marks.
        self.names = tuple(name.encode("utf-8", "replace").decode() for name in names)
        self.labels: tuple[str | None, ...] = (None,) * len(self.files)

    def read(self, number: int, preprocessing: Preprocessing | None) -> Input:
        return read_image(self.files[number], preprocessing)

    def digest(self, number: int) -> str:
        if not self.files[number].exists():
            raise ImageError(f"{self.files[number]} does not exist.")
        try:
            return sha256(self.files[number])
        except OSError as error:
            raise ImageError(f"{self.files[number]} cannot be read: {error.strerror or error}.") from error


class FolderCollection(FileCollection):
    """The image files of a folder: with one sub-folder a class, or without sub-folders and labels."""

    def __init__(self, folder: Path) -> None:
        files = list_images(folder)
        if not files:
            raise ImageError(f"{folder} holds no image files.")
        super().__init__(files, [str(file.relative_to(folder)) for file in files])
        if any(file.parent != folder for file in files):
            self.labels = tuple(file.parent.name for file in files)


class ArrayCollection(Collection):
    """Arrays: 8-bit images (n, height, width) or (n, height, width, channels), or anything in data units (n, *input).

    Preprocessing is not applied: arrays have the shape that the network takes.
    """

    def __init__(self, name: str, x: NDArray[Any], y: NDArray[Any] | None) -> None:
        if x.ndim < 2 or not len(x) or x.dtype.kind not in "uf" or (x.dtype.kind == "u" and x.dtype != np.uint8):
            raise ImageError(
                f"{name} must be a non-empty array (n, ...) of bytes or floating-point numbers, got "
                f"{x.dtype} {x.shape}."
            )
        if y is not None and y.shape != (len(x),):
            raise ImageError(f"The labels of {name} must have the shape ({len(x)},), got {y.shape}.")
        self.x = x
        self.names = tuple(f"{name}[{number}]" for number in range(len(x)))
        self.labels = (None,) * len(x) if y is None else tuple(str(label) for label in y.tolist())

    def read(self, number: int, preprocessing: Preprocessing | None) -> Input:
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


class Nothing(Collection):
    """No inputs at all: for networks that are studied on inputs made from noise."""

    names = ()
    labels = ()

    def read(self, number: int, preprocessing: Preprocessing | None) -> Input:
        raise ImageError("There are no inputs to read.")

    def digest(self, number: int) -> str:
        raise ImageError("There are no inputs to read.")


def digits(*, held_out: bool = True) -> Collection:
    """The digits of scikit-learn (Alpaydin and Kaynak 1998): held out from the embedded network, or the others."""
    from sklearn.datasets import load_digits

    data = load_digits()
    numbers = np.flatnonzero((np.arange(len(data.target)) % 5 == 0) == held_out)
    found = ArrayCollection("digits", (data.images[numbers, None] / 16).astype(np.float32), data.target[numbers])
    found.names = tuple(f"digit {number}" for number in numbers)
    return found


def open_collection(source: str | Path, *, x: str | None = None, y: str | None = None) -> Collection:
    """The inputs of a folder of images or of an `.npz` file, the embedded `digits`, or `none`.

    Args:
        source: the folder, the file, or the word `digits` or `none`.
        x, y: names of the arrays of inputs and labels in an `.npz` file; by default `x` and, where it is there, `y`.

    Raises:
        ImageError: nothing there that can be used.
    """
    if source == "digits":
        return digits()
    if source == "none":
        return Nothing()
    place = Path(source)
    if place.is_dir():
        return FolderCollection(place)
    if place.suffix.lower() != ".npz" or not place.is_file():
        raise ImageError(f"{place} is no folder of images and no .npz file.")
    try:
        with place.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
            missing = [name for name in (x or "x", *([y] if y else [])) if name not in arrays.files]
            if missing:
                raise ImageError(f"{place} has no array {missing[0]}; it has {', '.join(arrays.files)}.")
            labels = arrays[y] if y else arrays["y"] if "y" in arrays.files else None
            return ArrayCollection(x or "x", arrays[x or "x"], labels)
    except ImageError:
        raise
    except (ValueError, OSError, EOFError, KeyError, zipfile.BadZipFile) as error:
        raise ImageError(f"{place} is no readable .npz of plain arrays: {error}.") from error
