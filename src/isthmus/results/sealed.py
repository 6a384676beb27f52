"""Sealed: JSON that carries the SHA-256 of its own content, so that a change of a single bit is noticed."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from isthmus._core.files import plain, read_json, write_json
from isthmus.errors import OutputError

SEAL = "content_sha256"


def digest_of(value: Any) -> str:
    """SHA-256 of something that JSON can hold."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def write_sealed(file: Path, value: dict[str, Any]) -> None:
    """Writes JSON with its seal, whole or not at all."""
    content = json.loads(json.dumps(plain(value), allow_nan=False))  # as it will be read back
    write_json(file, content | {SEAL: digest_of(content)})


def read_sealed(file: Path, *, unsealed: bool = False) -> dict[str, Any]:
    """Reads what `write_sealed` wrote.

    Args:
        file: what to read.
        unsealed: whether a file without a seal is taken too, as earlier versions wrote it.

    Raises:
        OutputError: it cannot be read, or was damaged or changed since it was written.
    """
    content = read_json(file)
    if not isinstance(content, dict):
        raise OutputError(f"{file} holds no JSON object.")
    seal = content.pop(SEAL, None)
    if seal is None and unsealed:
        return content
    if seal != digest_of(content):
        raise OutputError(f"{file} was damaged or changed since it was written (its SHA-256 differs).")
    return content
