"""Store: where shards are kept: a folder, or a URL that pyarrow's file systems can write."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from isthmus._files import cannot_write, write_whole
from isthmus.errors import OutputError


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
    def tidy(self) -> None:
        """Removes what a killed run left half-written. Only where no run is at work."""


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

    def tidy(self) -> None:
        if self.folder.is_dir():
            for entry in self.folder.iterdir():
                # `write_whole` names its temporary files so; nobody else's hidden files are touched.
                if entry.name.startswith(".") and entry.suffix in (".parquet", ".safetensors"):
                    entry.unlink(missing_ok=True)


class UrlStore(Store):
    """A place behind a URL. Object stores show a file only once it was written to its end; a shard's name holds its
    checksum all the same, so that half a file can never be taken for a whole one.
    """

    def __init__(self, url: str) -> None:
        from pyarrow import fs

        try:
            system, self.root = fs.FileSystem.from_uri(url)
        except (ValueError, OSError, ImportError) as error:
            raise OutputError(f"{url} is no place that pyarrow can write: {str(error).splitlines()[0]}") from error
        self.system: Any = system
        self.where = url

    def names(self) -> list[str]:
        from pyarrow import fs

        with self._clear():
            found = self.system.get_file_info(fs.FileSelector(self.root, allow_not_found=True))
        return sorted(info.base_name for info in found if info.is_file and not info.base_name.startswith("."))

    def read(self, name: str) -> bytes:
        with self._clear(), self.system.open_input_stream(f"{self.root}/{name}") as stream:
            content: bytes = stream.read()
        return content

    def write(self, name: str, content: bytes) -> None:
        with self._clear():
            self.system.create_dir(self.root, recursive=True)
            with self.system.open_output_stream(f"{self.root}/{name}") as stream:
                stream.write(content)

    def remove(self, name: str) -> None:
        with self._clear():
            self.system.delete_file(f"{self.root}/{name}")

    def tidy(self) -> None:
        """Nothing is ever half-written under another name."""

    def _clear(self) -> Any:
        return cannot_write(Path(self.where))


def open_store(where: str, base: Path) -> Store:
    """The store of that name: a URL, or a folder relative to `base`."""
    return UrlStore(where) if len(urlsplit(where).scheme) > 1 else FolderStore(base / where)
