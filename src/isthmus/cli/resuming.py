"""Resuming: what is there is gone on with only where it is what was asked for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from isthmus.errors import OutputError


def is_finished(folder: Path, load: Callable[[Path], Any], request: dict[str, Any]) -> bool:
    """Whether there is a whole run in a folder, as it is asked for now.

    Args:
        folder: where it would be.
        load: what reads such a run, and checks it; it has a `description`.
        request: what is asked for.

    Raises:
        OutputError: there is another run, or a damaged one.
    """
    from isthmus.results import MANIFEST

    if not (folder / MANIFEST).exists():
        return False
    same_request(folder, load(folder).description.get("request") or {}, request)
    return True


def same_request(folder: Path, before: dict[str, Any], request: dict[str, Any]) -> None:
    """Whether the run in a folder was asked for as this one is.

    Args:
        folder: where it is.
        before: what was asked for, as its description says.
        request: what is asked for now.

    Raises:
        OutputError: something differs; it says what.
    """
    differing = [key for key in request if before.get(key) != request[key]]
    if differing:
        raise OutputError(
            f"{folder} holds a run that differs in {', '.join(differing)}, so it cannot be resumed; "
            "use --overwrite or another folder."
        )
