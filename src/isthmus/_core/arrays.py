"""Arrays in `.npz` files, each read to its end: only then does the archive notice that a bit was flipped."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Collection
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

LONGEST = 22 + 2**16  # bytes of the record at the end of an archive, with its comment
MANY = 0xFFFF  # what stands there in the place of a number of members that is too large for it


def read_npz(file: Path, names: Collection[str] | None = None) -> dict[str, NDArray[Any]]:
    """The plain arrays in an `.npz` file, or those of some names that are in it. No code of the file is ever run.

    Raises:
        ValueError: it cannot be read, was damaged, or holds something else than plain arrays.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in _members(archive)}
            wanted = members if names is None else {name: members[name] for name in names if name in members}
            # Read whole: the checksum of a member is compared at its end.
            return {name: _array(archive.read(info)) for name, info in wanted.items()}
    except Exception as error:  # a damaged archive raises almost anything, MemoryError and zlib.error among it
        line = (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")
        raise ValueError(line) from error


def names_in_npz(file: Path) -> list[str]:
    """Names of the arrays in an `.npz` file.

    Raises:
        ValueError: it cannot be read.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = _members(archive)
            for member in members:  # a name stands twice: one that was damaged is noticed when it is opened
                archive.open(member).close()
            return [member.filename.removesuffix(".npy") for member in members]
    except Exception as error:
        raise ValueError((str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")) from error


def _members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """The members of an archive, as many as its end says: of one that was damaged the comment may swallow the next."""
    found = archive.infolist()
    assert archive.fp is not None
    archive.fp.seek(max(0, archive.fp.seek(0, io.SEEK_END) - LONGEST))
    end = archive.fp.read()
    end = end[end.rfind(b"PK\x05\x06") :]
    said = int.from_bytes(end[10:12], "little")
    if said not in (len(found), MANY):
        raise ValueError(f"it says that it holds {said} arrays, and lists {len(found)}")
    return found


def _array(content: bytes) -> NDArray[Any]:
    stream = io.BytesIO(content)
    found: NDArray[Any] = np.lib.format.read_array(stream, allow_pickle=False)
    if stream.read(1):
        raise ValueError("an array has more bytes than its shape says")
    return found
