"""The engine: steps for all rows at once, and a row that is done leaves, so that nothing is spent on it any more."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

import torch

from isthmus._core.shapes import Index, Mask
from isthmus.descents.batch import Batch, take
from isthmus.landscapes import AbstractLandscape

P = TypeVar("P", bound=Batch)
S = TypeVar("S", bound=Batch)


@dataclass(frozen=True, eq=False)
class Left(Generic[P, S]):
    """Rows that are done.

    Attributes:
        rows: their numbers (d,), on the CPU.
        problem, state: their part of what was worked on, and of the last state.
    """

    rows: Index
    problem: P
    state: S


def leaving(
    landscape: AbstractLandscape,
    problem: P,
    state: S,
    *,
    step: Callable[[P, S], S],
    done: Callable[[P, S], Mask],
    on_step: Callable[[Index, int], None] | None = None,
) -> Iterator[Left[P, S]]:
    """Makes steps until every row is done; gives the rows as they leave.

    Args:
        landscape: what the steps are made on, whose cost is counted.
        problem: what is worked on; it stays the same.
        state: before the first step.
        step: the state after one more step. Every row is to be treated on its own.
        done: which rows are done, asked after every step.
        on_step: called after every step with the numbers of the rows that made it, and its cost in forward-equivalents.
    """
    first = next(iter(vars(problem).values()))
    rows = torch.arange(len(first))
    while len(rows):
        before = landscape.forward_equivalents
        state = step(problem, state)
        if on_step is not None:
            on_step(rows, landscape.forward_equivalents - before)
        mask = done(problem, state)
        ended = mask.cpu()
        if bool(ended.any()):
            gone, here = (part.nonzero()[:, 0] for part in (ended, ~ended))  # of masks a device would have to be asked
            leave, stay = torch.split(torch.cat([gone, here]).to(mask.device), [len(gone), len(here)])
            yield Left(rows[gone], take(problem, leave), take(state, leave))
            rows = rows[here]
            if len(rows):
                problem, state = take(problem, stay), take(state, stay)
