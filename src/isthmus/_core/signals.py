"""Signals: Ctrl-C and SIGTERM put off while files are moved that belong together."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import FrameType
from typing import Any, TypeAlias

Handler: TypeAlias = Callable[[int, FrameType | None], Any]
Came: TypeAlias = list[tuple[Handler, int, FrameType | None]]


def _put_off(came: Came, handler: Handler, sign: int, frame: FrameType | None) -> None:
    came.append((handler, sign, frame))


@contextmanager
def undisturbed() -> Iterator[None]:
    """A short block that Ctrl-C and SIGTERM end after, and not in. Only the main thread is ever interrupted."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: Came = []
    before: dict[signal.Signals, Any] = {}
    for number in (signal.SIGINT, signal.SIGTERM):
        handler = signal.getsignal(number)
        if callable(handler):
            before[number] = handler
            signal.signal(number, partial(_put_off, came, handler))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    for handler, sign, frame in came:
        handler(sign, frame)
