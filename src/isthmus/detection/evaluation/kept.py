"""Kept: what takes long is stored as soon as it is made, so that an interrupted evaluation goes on from there."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from isthmus._core.files import cannot_write, write_whole

KEY = "made_for"


@dataclass(frozen=True)
class Kept:
    """A folder of tensors by name.

    Attributes:
        folder: where; None keeps nothing.
        made_for: says what they were made for: inputs, network and settings. What was made for anything else is made
            again.
    """

    folder: Path | None
    made_for: str = ""

    def forget(self) -> None:
        """Removes everything."""
        if self.folder is not None:
            for file in self.folder.glob("*.safetensors"):
                with cannot_write(file):
                    file.unlink()

    def get(self, name: str, make: Callable[[], Mapping[str, Tensor]], *, detail: object = None) -> dict[str, Tensor]:
        """The tensors of that name, made if they are not there, or were made for another `detail`.

        Raises:
            OutputError: they cannot be written.
        """
        from safetensors import SafetensorError, safe_open
        from safetensors.torch import save_file

        if self.folder is None:
            return dict(make())
        digest = hashlib.sha256(f"{self.made_for}\n{name}\n{detail!r}".encode()).hexdigest()
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
        file = self.folder / f"{slug}.safetensors"
        try:
            with safe_open(file, framework="pt") as stored:
                if (stored.metadata() or {}).get(KEY) == digest:
                    return {key: stored.get_tensor(key) for key in stored.keys()}  # noqa: SIM118 (no mapping)
        except (SafetensorError, OSError):
            pass  # absent, or not whole
        made = {key: tensor.contiguous() for key, tensor in make().items()}
        with cannot_write(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        write_whole(file, lambda temporary: save_file(made, temporary, metadata={KEY: digest}))
        return made
