"""Looking: a landscape at any number of points, a block in memory at a time. Everything that is drawn or judged comes
from here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from isthmus._core.progress import OnProgress, Progress
from isthmus._core.shapes import Inputs, Targets
from isthmus.landscapes import AbstractLandscape, Evaluation

HELD = 2**26  # numbers of the inputs that are held at once


class Block(NamedTuple):
    """Points that were looked at together: which, where they are (n, *input), and what was seen."""

    rows: slice
    x: Inputs
    seen: Evaluation


def look(
    landscape: AbstractLandscape,
    at: Callable[[slice], Inputs],
    target: Targets,
    *,
    most: Callable[[], int],
    on_progress: OnProgress | None = None,
) -> Iterator[Block]:
    """Evaluates points, a block at a time; nothing is kept of a block that the caller does not keep.

    Args:
        landscape: the landscape.
        at: the points of some numbers.
        target: the class that the loss of each is about (n,).
        most: how many make a block; asked before each, since the landscape's own batches may become smaller.
        on_progress: called after every block.
    """
    before, begin = landscape.forward_equivalents, 0
    with landscape.fixed():
        while begin < len(target):
            rows = slice(begin, min(len(target), begin + max(1, most())))
            begin = rows.stop
            x = at(rows)
            yield Block(rows, x, landscape.evaluate(x, target[rows], validated=True))
            if on_progress is not None:
                on_progress(Progress(begin, len(target), landscape.forward_equivalents - before))
