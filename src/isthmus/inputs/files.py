"""Files of inputs, given one by one or as a folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from isthmus._core.files import sha256
from isthmus._core.shapes import Input
from isthmus.errors import ImageError
from isthmus.inputs.base import Collection
from isthmus.inputs.images import ENDINGS, label_of, list_files, other_files

if TYPE_CHECKING:
    from isthmus.inputs.kinds.base import InputKind


class FileCollection(Collection):
    """Inputs as a user names them, such as image files, of which nothing is said."""

    def __init__(self, sources: Sequence[Path | str], names: Sequence[str], kind: InputKind | None = None) -> None:
        self.sources = [str(source) for source in sources]
        self.kind = kind
        # File names need not be text; what is none is shown as question marks.
        self.names = tuple(name.encode("utf-8", "replace").decode() for name in names)
        self.labels: tuple[str | None, ...] = (None,) * len(self.sources)

    def read(self, number: int, kind: InputKind | None) -> Input:
        return _or_images(kind or self.kind).read(self.sources[number])

    def digest(self, number: int) -> str:
        return _or_images(self.kind).digest(self.sources[number])


class FolderCollection(FileCollection):
    """The files of a folder: the first folder below it is the class; without sub-folders there are no labels.

    Args:
        folder: where they lie.
        kind: of the inputs; images by default.
        endings: of the names of files that take part.
    """

    def __init__(self, folder: Path, kind: InputKind | None = None, *, endings: frozenset[str] = ENDINGS) -> None:
        one = _or_images(kind).one
        if not folder.is_dir():
            raise ImageError(f"{folder} is no folder.")
        files = list_files(folder, endings)
        if not files:
            raise ImageError(f"{folder} holds no {one} files.")
        super().__init__(files, [str(file.relative_to(folder)) for file in files], kind)
        self.labels = tuple(label_of(file, folder) for file in files)
        article = "an" if one[0] in "aeiou" else "a"
        self.ignored = {
            str(file.relative_to(folder)).encode("utf-8", "replace").decode(): f"Its ending is none of {article} {one}."
            for file in other_files(folder, endings)
        }


def digest_of_file(file: Path) -> str:
    """SHA-256 of a file.

    Raises:
        ImageError: it is not there, or cannot be read.
    """
    if not file.exists():
        raise ImageError(f"{file} does not exist.")
    try:
        return sha256(file)
    except OSError as error:
        raise ImageError(f"{file} cannot be read: {error.strerror or error}.") from error


def _or_images(kind: InputKind | None) -> InputKind:
    from isthmus.inputs.kinds.images import Images

    return Images() if kind is None else kind
