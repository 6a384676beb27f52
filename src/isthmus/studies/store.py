"""Store: where shards are kept: a folder, or a URL that pyarrow's file systems can write."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from isthmus._core.files import HIDDEN, cannot_write, write_whole
from isthmus.errors import OutputError

OBJECT_STORES = ("s3", "gcs", "abfs")


class Store(ABC):
    """Whole files by name, in one flat place."""

    where: str

    @abstractmethod
    def names(self) -> list[str]:
        """Names of all files, sorted."""

    @abstractmethod
    def read(self, name: str) -> bytes:
        """Content of a file; OutputError where it cannot be read."""

    @abstractmethod
    def write(self, name: str, content: bytes) -> None:
        """Writes a file, whole or not at all; OutputError where that fails."""

    @abstractmethod
    def remove(self, name: str) -> None:
        """Removes a file."""

    @abstractmethod
    def leftovers(self) -> list[str]:
        """Files that a killed run left half-written: HIDDEN, the name that each was to have, perhaps more."""


class FolderStore(Store):
    """A folder, which is made when the first file is written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.where = str(folder)

    def names(self) -> list[str]:
        if not self.folder.is_dir():
            return []
        return sorted(entry.name for entry in self.folder.iterdir() if not entry.name.startswith("."))

    def read(self, name: str) -> bytes:
        try:
            return (self.folder / name).read_bytes()
        except OSError as error:
            raise OutputError(f"{self.folder / name} cannot be read: {error.strerror or error}.") from error

    def write(self, name: str, content: bytes) -> None:
        with cannot_write(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(self.folder / name, lambda file: file.write_bytes(content))

    def remove(self, name: str) -> None:
        with cannot_write(self.folder / name):
            (self.folder / name).unlink(missing_ok=True)

    def leftovers(self) -> list[str]:
        if not self.folder.is_dir():
            return []
        return sorted(entry.name for entry in self.folder.iterdir() if entry.name.startswith(HIDDEN))


class UrlStore(Store):
    """A place behind a URL. Object stores show a file only once it was written to its end; elsewhere a file is written
    under a hidden name and moved. A shard's name holds its checksum besides.
    """

    def __init__(self, url: str, system: Any, root: str) -> None:
        self.where, self.system, self.root = url, system, root
        self.whole = system.type_name in OBJECT_STORES

    def names(self) -> list[str]:
        return [name for name in self._every() if not name.startswith(".")]

    def leftovers(self) -> list[str]:
        return [name for name in self._every() if name.startswith(HIDDEN)]

    def read(self, name: str) -> bytes:
        try:
            with self.system.open_input_stream(f"{self.root}/{name}") as stream:
                content: bytes = stream.read()
        except OSError as error:
            raise OutputError(f"{self.where}/{name} cannot be read: {_line(error)}.") from error
        return content

    def write(self, name: str, content: bytes) -> None:
        place = f"{self.root}/{name}" if self.whole else f"{self.root}/{HIDDEN}{name}"
        with cannot_write(Path(self.where)):
            self.system.create_dir(self.root, recursive=True)
            with self.system.open_output_stream(place) as stream:
                stream.write(content)
            if not self.whole:
                self.system.move(place, f"{self.root}/{name}")

    def remove(self, name: str) -> None:
        with cannot_write(Path(self.where)):
            self.system.delete_file(f"{self.root}/{name}")

    def _every(self) -> list[str]:
        from pyarrow import fs

        try:
            found = self.system.get_file_info(fs.FileSelector(self.root, allow_not_found=True))
        except OSError as error:
            raise OutputError(f"{self.where} cannot be listed: {_line(error)}.") from error
        return sorted(info.base_name for info in found if info.is_file)


def open_store(where: str, base: Path) -> Store:
    """The store of that name: a URL, or a folder relative to `base`.

    Raises:
        OutputError: a URL that pyarrow cannot write.
    """
    if len(urlsplit(where).scheme) <= 1:
        return FolderStore(base / where)
    from pyarrow import fs

    try:
        system, root = fs.FileSystem.from_uri(where)
    except (ValueError, OSError, ImportError) as error:
        raise OutputError(f"{where} is no place that pyarrow can write: {_line(error)}") from error
    return FolderStore(Path(root)) if isinstance(system, fs.LocalFileSystem) else UrlStore(where, system, root)


def _line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
