"""ResultFolder: the one way to a folder of results.

It is checked before any work is spent, locked while the work goes on, and changed at its end only: everything is made
up in a hidden folder inside, and moved into place when it is whole, `result.json` last.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, final

from filelock import FileLock, Timeout

from isthmus._core.files import HIDDEN, cannot_write, check_writable, read_json, remove_unfinished, sha256
from isthmus._core.signals import undisturbed
from isthmus.errors import OutputError
from isthmus.results.sealed import read_sealed, write_sealed

RESULT, MANIFEST, LOCK = "result.json", "manifest.json", ".isthmus.lock"
FORMAT = {"format": "isthmus results", "version": 3}


@final
class ResultFolder:
    """A folder that a run has claimed; see `claim`.

    Attributes:
        path: where it is.
        schema: what kind of result it holds, or will hold.
        overwrite, resume: what was asked for.
        written: whether a result of this run is there.
    """

    def __init__(self, path: Path, schema: str, *, overwrite: bool = False, resume: bool = False) -> None:
        self.path, self.schema = path, schema
        self.overwrite, self.resume = overwrite, resume
        self.written = False

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    @contextmanager
    def stage(self, description: dict[str, Any] | None = None) -> Iterator[Path]:
        """A hidden folder to be filled; at the end of the block its files take the place of those of an earlier result.

        Args:
            description: of how the result was made, kept in the manifest.

        Raises:
            OutputError: it cannot be written.
        """
        with cannot_write(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            stage = Path(tempfile.mkdtemp(dir=self.path, prefix=HIDDEN))  # inside: nothing crosses file systems
            try:
                yield stage
                made = sorted(entry for entry in stage.rglob("*") if entry.is_file() and entry != stage / MANIFEST)
                files = {str(entry.relative_to(stage)): sha256(entry) for entry in made}
                write_manifest(stage, self.schema, files, description or {})
                with undisturbed():
                    self._forget(keep=files)
                    for entry in sorted((*made, stage / MANIFEST), key=lambda entry: entry.name == RESULT):
                        target = self.path / entry.relative_to(stage)
                        target.parent.mkdir(parents=True, exist_ok=True)
                        entry.replace(target)
                    self.written = True
            finally:
                shutil.rmtree(stage, ignore_errors=True)

    def _forget(self, keep: dict[str, str]) -> None:
        """Removes the files of an earlier result that this one has no more; whatever else is there stays."""
        if not (self.path / MANIFEST).is_file():
            return
        with suppress(OutputError):  # a damaged one names nothing that could be trusted
            for name in read_sealed(self.path / MANIFEST, unsealed=True).get("files", {}):
                old = self.path / name
                if name not in keep and old.is_file() and old.resolve().is_relative_to(self.path.resolve()):
                    old.unlink()
                    for parent in old.relative_to(self.path).parents[:-1]:
                        with suppress(OSError):  # something of the user's is in it
                            (self.path / parent).rmdir()


@contextmanager
def claim(
    folder: Path | ResultFolder,
    schema: str,
    *,
    overwrite: bool = False,
    resume: bool = False,
    resumable: bool = False,
    parts: Sequence[str] = (),
) -> Iterator[ResultFolder]:
    """Claims a folder for a run: nobody else writes there meanwhile, and what killed runs have left is removed.

    Args:
        folder: where results go; made if need be. One that was claimed before is given back as it is.
        schema: of the result.
        overwrite: an earlier result of the same kind may be replaced; other files there are left alone.
        resume: the run goes on with an earlier one.
        resumable: whether such runs can be resumed at all, for the message.
        parts: folders that an unfinished earlier run has left.

    Raises:
        OutputError: it is a file, not writable, claimed by another run, or holds something else.
    """
    if isinstance(folder, ResultFolder):
        yield folder
        return
    if overwrite and resume:
        raise OutputError("--overwrite and --resume exclude one another; give one of them.")
    check_writable(folder)
    _check(folder, schema, overwrite or resume, resumable, parts)
    made = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    with cannot_write(folder):
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / LOCK, timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise OutputError(f"Another run is at work in {folder}; wait for it, or choose another folder.") from error
    try:
        remove_unfinished(folder.rglob("*"))
        target = ResultFolder(folder, schema, overwrite=overwrite, resume=resume)
        try:
            yield target
        except KeyboardInterrupt as stop:
            if target.written and not str(stop):
                raise type(stop)(f"interrupted, when all results were in {folder} already") from stop
            raise
    finally:
        with suppress(OSError):
            (folder / LOCK).unlink()
        lock.release()
        for parent in made:  # where nothing came of it
            with suppress(OSError):
                parent.rmdir()


def write_manifest(folder: Path, schema: str, files: dict[str, str], description: dict[str, Any]) -> None:
    """Writes `manifest.json`: the SHA-256 of every file by name, how they were made, and the SHA-256 of itself."""
    write_sealed(folder / MANIFEST, FORMAT | {"schema": schema, "files": files, "description": description})


def _check(folder: Path, schema: str, may_be_there: bool, resumable: bool, parts: Sequence[str]) -> None:
    with cannot_write(folder):
        if not folder.is_dir() or all(entry.name.startswith((HIDDEN, LOCK)) for entry in folder.iterdir()):
            return
    if not may_be_there:
        add = "--overwrite or --resume" if resumable else "--overwrite"
        raise OutputError(f"{folder} is not empty; choose another folder, or add {add}.")
    if (folder / RESULT).is_file():
        result = read_json(folder / RESULT)
        if isinstance(result, dict) and result.get("schema") == schema:
            return
    elif any((folder / part).exists() for part in parts):
        return
    raise OutputError(
        f"{folder} holds no earlier run of this kind ({RESULT} is missing, or of another), so nothing there is "
        "replaced."
    )
