"""Clock: how long each kind of work of a command has taken."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

LEAST = 2.0  # seconds of work of which it is worth saying what they went into

_spent: dict[str, float] = {}


@contextmanager
def spending(what: str) -> Iterator[None]:
    """Counts the time of a block as spent so."""
    began = time.monotonic()
    try:
        yield
    finally:
        _spent[what] = _spent.get(what, 0.0) + time.monotonic() - began


def say_spent() -> None:
    """Prints what the time went into, in the order in which it began, and starts again from nothing."""
    if sum(_spent.values()) >= LEAST:
        print("Time: " + ", ".join(f"{what} {seconds:.0f} s" for what, seconds in _spent.items()) + ".")
    _spent.clear()
