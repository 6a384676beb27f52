"""Holding: what a command has claimed is held until the command ends, however it ends."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from contextvars import ContextVar
from typing import TypeVar

T = TypeVar("T")
_held: ContextVar[ExitStack] = ContextVar("held")


@contextmanager
def holding() -> Iterator[None]:
    """A command: what it holds is let go at the end of the block."""
    with ExitStack() as stack:
        before = _held.set(stack)
        try:
            yield
        finally:
            _held.reset(before)


def hold(manager: AbstractContextManager[T]) -> T:
    """Enters a context for the rest of the command."""
    return _held.get().enter_context(manager)
