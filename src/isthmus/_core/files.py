"""Files that appear whole or not at all, and are checked when they are read back."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from isthmus._core.given import shown
from isthmus._core.text import no_formula
from isthmus.errors import InputError, OutputError

HIDDEN = ".isthmus-"  # begins the name of everything that is not whole yet


def path_of(name: str | Path) -> Path:
    """A path that the operating system can look for, whether or not anything is there.

    Raises:
        InputError: it is too long, or leads through what may not be read.
    """
    path = Path(name)
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InputError(f"{shown(str(name))} cannot be looked for: {reason}.") from error
    return path


@contextmanager
def cannot_write(where: Path) -> Iterator[None]:
    """Turns what the operating system says into one clear line."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        raise OutputError(f"{where} cannot be written: {error.strerror or error}; choose another place.") from error


def check_writable(folder: Path) -> None:
    """Whether files can be written into a folder that is there or can be made, before any work is spent on them.

    Raises:
        OutputError: it is a file, or not writable.
    """
    with cannot_write(folder):
        if folder.exists() and not folder.is_dir():
            raise OutputError(f"{folder} is a file; choose a folder.")
        nearest = next(parent for parent in (folder, *folder.absolute().parents) if parent.is_dir())
        with tempfile.TemporaryFile(dir=nearest):
            pass


def write_whole(file: Path, write: Callable[[Path], object]) -> None:
    """Lets `write` fill a temporary file beside `file`, and gives it that name once it is safely on the disk."""
    with cannot_write(file):
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f"{HIDDEN}{file.name}-", suffix=file.suffix)
        os.close(handle)
        temporary = Path(name)
        try:
            write(temporary)
            with temporary.open("rb") as written:
                os.fsync(written.fileno())
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(file)
        finally:
            with suppress(FileNotFoundError):
                temporary.unlink()


def remove_unfinished(entries: Iterable[Path]) -> None:
    """Removes what is not whole among files and folders, as runs that were killed have left it."""
    for entry in sorted((entry for entry in entries if entry.name.startswith(HIDDEN)), reverse=True):
        with suppress(OSError):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def write_text(file: Path, text: str) -> None:
    """Writes UTF-8 text, whole or not at all."""
    write_whole(file, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write_csv(file: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Writes the columns of rows as CSV with a heading, whole or not at all."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for row in rows:
        writer.writerow({key: no_formula(value) if isinstance(value, str) else value for key, value in row.items()})
    write_text(file, stream.getvalue())


def write_json(file: Path, value: Any) -> None:
    """Writes JSON, indented; NaN and infinity, which JSON does not know, become null."""
    write_text(file, json.dumps(plain(value), indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(file: Path) -> Any:
    """Reads JSON; an OutputError names the file when that fails."""
    try:
        return json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise OutputError(f"{file} cannot be read as JSON: {error}.") from error


def as_read(value: Mapping[str, Any]) -> dict[str, Any]:
    """What JSON makes of it: as it will be read back, to be compared with what was."""
    found: dict[str, Any] = json.loads(json.dumps(value))
    return found


def sha256(file: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def plain(value: Any) -> Any:
    """Something as JSON can hold it: NaN and infinity, which JSON does not know, become null."""
    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
