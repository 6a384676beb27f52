"""Saved: an object of the library as a few files in a folder, each whole, with a manifest that is written last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus._core.files import cannot_write, path_of, read_json, sha256, write_whole
from isthmus.errors import OutputError
from isthmus.results.folder import FORMAT, MANIFEST, write_manifest
from isthmus.results.sealed import SEAL, read_sealed

if TYPE_CHECKING:
    import pyarrow


def save_files(
    folder: Path, schema: str, files: Mapping[str, Callable[[Path], object]], description: dict[str, Any]
) -> Path:
    """Has every file written whole into a folder, which is made if need be; the manifest comes last.

    Args:
        folder: where to.
        schema: of what is saved.
        files: writes each, by name.
        description: kept in the manifest.

    Raises:
        OutputError: the folder cannot be written, or holds files of these names.
    """
    with cannot_write(path_of(folder)):
        folder.mkdir(parents=True, exist_ok=True)
    for name in (*files, MANIFEST):
        if (folder / name).exists():
            raise OutputError(f"{folder / name} exists; choose an empty folder.")
    for name, write in files.items():
        write_whole(folder / name, write)
    write_manifest(folder, schema, {name: sha256(folder / name) for name in files}, description)
    return folder


def check_files(
    folder: Path,
    names: Sequence[str],
    what: str,
    *,
    schemas: Sequence[str] = (),
    earlier: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The description of what `save_files` wrote, after every file was checked against the manifest.

    Args:
        folder: where it lies.
        names: files that must be there.
        what: is expected, in words.
        schemas: that are known; any, where none are given.
        earlier: entries of the manifest of an earlier version, which had no seal.

    Raises:
        OutputError: a file is missing, of another version, or was changed since.
    """
    if not path_of(folder / MANIFEST).is_file():
        raise OutputError(f"{folder} holds no {what}: there is no {MANIFEST} in it.")
    manifest = read_sealed(folder / MANIFEST, unsealed=earlier is not None)
    sealed = {key: manifest.get(key) for key in FORMAT} == FORMAT and SEAL in read_json(folder / MANIFEST)
    of_schema = not schemas or manifest.get("schema") in schemas
    is_earlier = earlier is not None and {key: manifest.get(key) for key in earlier} == earlier
    if not (sealed and of_schema) and not is_earlier:
        raise OutputError(f"{folder / MANIFEST} is no manifest of {what} that this version knows.")
    for name in names:
        if not (folder / name).is_file():
            raise OutputError(f"{folder / name} is missing.")
        if sha256(folder / name) != manifest.get("files", {}).get(name):
            raise OutputError(f"{folder / name} was damaged or changed since it was written (its SHA-256 differs).")
    description: dict[str, Any] = manifest.get("description", {})
    return description


def write_table(table: pyarrow.Table, file: Path) -> None:
    """Writes Parquet whose pages carry checksums."""
    import pyarrow.parquet

    pyarrow.parquet.write_table(table, file, write_page_checksum=True)


def read_table(file: Path) -> pyarrow.Table:
    """Reads Parquet and verifies the checksums of its pages."""
    import pyarrow.parquet

    return pyarrow.parquet.read_table(file, page_checksum_verification=True)
