"""Kept: what takes long is stored as soon as it is made, so that interrupted work goes on from there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from isthmus._core.files import cannot_write, write_whole

KEY, CONTENT = "made_for", "content_sha256"


@dataclass(frozen=True)
class Kept:
    """A folder of tensors by name.

    Attributes:
        folder: where; None keeps nothing.
        made_for: says what they were made for: inputs, network and settings. What was made for anything else, or was
            damaged since, is made again.
    """

    folder: Path | None
    made_for: str = ""

    def forget(self) -> None:
        """Removes everything, and the folder where nothing else is in it."""
        if self.folder is not None and self.folder.is_dir():
            for file in self.folder.glob("*.safetensors"):
                with cannot_write(file):
                    file.unlink()
            with suppress(OSError):
                self.folder.rmdir()

    def get(self, name: str, make: Callable[[], Mapping[str, Tensor]], *, detail: object = None) -> dict[str, Tensor]:
        """The tensors of that name, made if they are not there, or were made for another `detail`.

        Raises:
            OutputError: they cannot be written.
        """
        from safetensors.torch import save_file

        if self.folder is None:
            return dict(make())
        file, digest = self._place(name, detail)
        stored = _read(file, digest)
        if stored is not None:
            return stored
        made = {key: tensor.contiguous() for key, tensor in make().items()}
        with cannot_write(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        about = {KEY: digest, CONTENT: content_of(made)}
        write_whole(file, lambda temporary: save_file(made, temporary, metadata=about))
        return made

    def has(self, name: str, *, detail: object = None) -> bool:
        """Whether tensors of that name are there, whole."""
        return self.folder is not None and _read(*self._place(name, detail)) is not None

    def _place(self, name: str, detail: object) -> tuple[Path, str]:
        """The file of a name, and what it must say that it was made for."""
        assert self.folder is not None
        digest = hashlib.sha256(f"{self.made_for}\n{name}\n{detail!r}".encode()).hexdigest()
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        return self.folder / f"{slug}.safetensors", digest


def content_of(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and values of tensors."""
    digest = hashlib.sha256()
    for name, tensor in sorted(tensors.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _read(file: Path, digest: str) -> dict[str, Tensor] | None:
    """Stored tensors, where they are there, whole, and made for the same."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="pt") as stored:
            about = stored.metadata() or {}
            if about.get(KEY) != digest:
                return None
            found: dict[str, Tensor] = {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118
    except (SafetensorError, OSError, ValueError, UnicodeDecodeError):
        return None
    return found if about.get(CONTENT) == content_of(found) else None
