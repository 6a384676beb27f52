"""Interruption: SIGTERM ends work as Ctrl-C does: at once, with everything finished in its place."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM, as a preempted job gets it."""


@contextmanager
def terminable() -> Iterator[list[int]]:
    """A block that SIGTERM interrupts like Ctrl-C. Gives the signals seen."""
    seen: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        seen.append(number)
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield seen
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def resumable(folder: Path, signals: list[int]) -> Iterator[None]:
    """Says how to go on, where the work was interrupted."""
    try:
        yield
    except KeyboardInterrupt as stop:
        text = f"interrupted: what is finished is kept in {folder}; the same command with --resume goes on"
        raise (Terminated if signals else KeyboardInterrupt)(text) from stop
