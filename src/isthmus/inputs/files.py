"""Image files, given one by one or as a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from isthmus._core.files import sha256
from isthmus._core.shapes import Input
from isthmus.errors import ImageError
from isthmus.inputs.base import Collection
from isthmus.inputs.images import label_of, list_images, other_files, read_image
from isthmus.networks.preprocessing import Preprocessing


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
    """The image files of a folder: the first folder below it is the class; without sub-folders there are no labels."""

    def __init__(self, folder: Path) -> None:
        files = list_images(folder)
        if not files:
            raise ImageError(f"{folder} holds no image files.")
        super().__init__(files, [str(file.relative_to(folder)) for file in files])
        self.labels = tuple(label_of(file, folder) for file in files)
        self.ignored = {
            str(file.relative_to(folder)).encode("utf-8", "replace").decode(): "Its ending is none of an image."
            for file in other_files(folder)
        }
