"""open_collection: the inputs that a name stands for."""

from __future__ import annotations

from pathlib import Path

from isthmus._core.arrays import names_in_npz, read_npz
from isthmus._core.shapes import Input
from isthmus.errors import ImageError
from isthmus.inputs.arrays import ArrayCollection, digits
from isthmus.inputs.base import Collection
from isthmus.inputs.files import FileCollection, FolderCollection
from isthmus.inputs.kinds.base import InputKind
from isthmus.inputs.kinds.images import Images

__all__ = [
    "ArrayCollection",
    "Collection",
    "FileCollection",
    "FolderCollection",
    "Nothing",
    "digits",
    "open_collection",
]


class Nothing(Collection):
    """No inputs at all: for networks that are studied on inputs made from noise."""

    names = ()
    labels = ()

    def read(self, number: int, kind: InputKind | None) -> Input:
        raise ImageError("There are no inputs to read.")

    def digest(self, number: int) -> str:
        raise ImageError("There are no inputs to read.")


def open_collection(
    source: str | Path, *, kind: InputKind | None = None, x: str | None = None, y: str | None = None
) -> Collection:
    """The inputs of a folder, such as one of images, of a file, such as a table or an `.npz` file, the embedded
    `digits`, or `none`.

    Args:
        source: the folder, the file, or the word `digits` or `none`.
        kind: of the inputs; images by default. `.npz` files hold inputs of any kind.
        x, y: names of the arrays of inputs and labels in an `.npz` file; by default `x` and, where it is there, `y`.

    Raises:
        ImageError: nothing there that can be used.
    """
    if source == "digits":
        return digits()
    if source == "none":
        return Nothing()
    place = Path(source)
    if place.suffix.lower() != ".npz" or not place.is_file():
        kind = Images() if kind is None else kind
        if not place.exists():
            raise ImageError(f"{place} does not exist: it is no folder of {kind.many} and no .npz file.")
        return kind.open(place)
    try:
        names = names_in_npz(place)
        missing = [name for name in (x or "x", *([y] if y else [])) if name not in names]
        if missing:
            raise ImageError(f"{place} has no array {missing[0]}; it has {', '.join(names)}.")
        arrays = read_npz(place, [x or "x", y or "y"])
    except ImageError:
        raise
    except ValueError as error:
        raise ImageError(f"{place} is no readable .npz of plain arrays: {error}.") from error
    return ArrayCollection(x or "x", arrays[x or "x"], arrays.get(y or "y"))
