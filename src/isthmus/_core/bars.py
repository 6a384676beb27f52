"""Bars: how far long work has come, on a terminal, in a notebook, or as plain lines."""

from __future__ import annotations

import functools
import html
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, ParamSpec, TypeAlias, TypeVar

from isthmus._core.progress import OnProgress, Progress
from isthmus.errors import InputError

PLAIN_EVERY = 5.0  # seconds between lines where there is no terminal
NOTEBOOK_EVERY = 0.1  # seconds between two pictures of the bar in a notebook
AFTER = 1.0  # seconds of work after which a bar appears that was not asked for

Tell: TypeAlias = bool | OnProgress | None  # True: a bar; False: none; None: a bar where somebody looks on

P = ParamSpec("P")
R = TypeVar("R")

_busy = threading.Lock()  # one bar at a time
_inside = threading.local()  # work that is part of other work has no bar that was not asked for
_unasked = True


@contextmanager
def telling(progress: Tell, what: str, unit: str) -> Iterator[OnProgress]:
    """What to call on the way: what the caller gave, or a bar of its own.

    None makes a bar on a terminal and in a notebook, for work of more than a second in the main thread that is no part
    of other work.

    Raises:
        InputError: progress is something else.
    """
    if not (progress is None or isinstance(progress, bool) or callable(progress)):
        raise InputError(f"progress must be None, True, False or a function, got {progress!r}.")
    outermost = not getattr(_inside, "work", False)
    _inside.work = True
    wanted = progress is True or (progress is None and outermost and _watched())
    try:
        if callable(progress):
            yield progress
        elif not wanted or not _busy.acquire(blocking=False):
            yield lambda _: None
        else:
            try:
                with progress_bar(what, unit, after=AFTER if progress is None else 0.0) as tell:
                    yield tell
            finally:
                _busy.release()
    finally:
        _inside.work = not outermost


@contextmanager
def progress_bar(what: str, unit: str, *, after: float = 0.0) -> Iterator[OnProgress]:
    """A bar with rate and remaining time in a notebook or, on stderr, on a terminal; elsewhere a line now and then.

    Args:
        what: is being done.
        unit: of what is counted.
        after: seconds before the bar appears; any thread may tell.
    """
    make = _in_notebook if in_notebook() else _on_terminal if sys.stderr.isatty() else _plain_lines
    began = time.monotonic()
    made: list[tuple[OnProgress, Callable[[], None]]] = []
    one_at_a_time = threading.Lock()

    def tell(progress: Progress) -> None:
        with one_at_a_time:
            if not made:
                if time.monotonic() - began < after:
                    return
                made.append(make(what, unit, began))
            made[0][0](progress)

    if not after:
        made.append(make(what, unit, began))
    try:
        yield tell
    finally:
        for _, close in made:
            close()


def in_notebook() -> bool:
    """Whether a kernel of Jupyter runs this."""
    module: Any = sys.modules.get("IPython")
    shell = None if module is None else module.get_ipython()
    return shell is not None and getattr(shell, "kernel", None) is not None


def renamed(function: Callable[P, R]) -> Callable[P, R]:
    """Takes `on_progress`, as version 0.1 called it, for `progress`."""

    @functools.wraps(function)
    def call(*args: P.args, **given: P.kwargs) -> R:
        if "on_progress" in given:
            if given.get("progress") is not None:
                raise InputError("progress and on_progress are the same: give one of them.")
            given["progress"] = given.pop("on_progress")
        return function(*args, **given)

    return call


def only_when_asked() -> None:
    """No bars that were not asked for, from now on: for programs, which say themselves how far they are."""
    global _unasked  # noqa: PLW0603
    _unasked = False


def _watched() -> bool:
    return _unasked and threading.current_thread() is threading.main_thread() and (in_notebook() or sys.stderr.isatty())


def _on_terminal(what: str, unit: str, began: float) -> tuple[OnProgress, Callable[[], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[unit]}", markup=False),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    bar = Bar(*columns, console=Console(stderr=True), transient=True)
    bar.start()
    task = bar.add_task(what, total=None, unit=unit, rate="")

    def draw(progress: Progress) -> None:
        bar.update(task, completed=progress.done, total=progress.total, rate=_rate(progress, began))

    return draw, bar.stop


def _in_notebook(what: str, unit: str, began: float) -> tuple[OnProgress, Callable[[], None]]:
    shells: Any = import_module("IPython.display")
    HTML = shells.HTML  # noqa: N806 (its name there)
    shown = shells.display(HTML(""), display_id=True)
    last = 0.0

    def draw(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < NOTEBOOK_EVERY and progress.done < progress.total:
            return
        last = now
        text = f"{what}: {progress.done:,} of {progress.total:,} {unit}{_left(progress, now - began)}"
        rate = _rate(progress, began)
        shown.update(
            HTML(
                f'<progress value="{progress.done}" max="{max(1, progress.total)}" style="width:16em"></progress> '
                f"<span>{html.escape(text)}{f' · {rate}' if rate else ''}</span>"
            )
        )

    return draw, lambda: shown.update(HTML(""))


def _plain_lines(what: str, unit: str, began: float) -> tuple[OnProgress, Callable[[], None]]:
    last = began

    def draw(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < PLAIN_EVERY and progress.done < progress.total:
            return
        if now - last < 0.5 and progress.done == progress.total:
            return
        last = now
        a_minute = 60 * progress.done / max(1e-9, now - began)
        print(  # noqa: T201 (it is what was asked for)
            f"{what}: {progress.done}/{progress.total} {unit}, {a_minute:.1f} a minute"
            + (f", {progress.forward_equivalents} forward-equivalents" if progress.forward_equivalents else "")
            + _left(progress, now - began),
            file=sys.stderr,
            flush=True,
        )

    return draw, lambda: None


def _rate(progress: Progress, began: float) -> str:
    rate = progress.forward_equivalents / max(1e-9, time.monotonic() - began)
    return f"{rate:,.0f} evaluations/s" if rate else ""


def _left(progress: Progress, seconds: float) -> str:
    if not 0 < progress.done < progress.total:
        return ""
    return f", {(progress.total - progress.done) * seconds / progress.done:.0f} s left"
