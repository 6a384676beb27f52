"""Candidates: which segments are worth a look, best first.

The max loss of a segment is at least the loss of its higher end, and where it is no more than that, no other way out of
that end is lower. Whether it is, the landscape tells beforehand: the loss must not rise where the segment leaves its
higher end. So for every input those of lower loss come first that lie down its slope, and among these the lowest.
(Near neighbours, in pixels or in logits, were measured to be no better than random ones: docs/graphs.md.)
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch

from isthmus._core.random import numpy_generator
from isthmus._core.shapes import Inputs, Losses, Targets
from isthmus.errors import NetworkError
from isthmus.graphs.edges import Floats, Numbers
from isthmus.landscapes import AbstractLandscape

POOL = 64  # times as many inputs of lower loss are drawn as become candidates; all, where there are no more
BLOCK, HELD = 2**26, 8  # numbers that are held at once; of a slope with what is made of it


class Candidates(NamedTuple):
    """Segments that may be looked at (c,).

    Attributes:
        high, low: numbers of the end of higher and of lower loss.
        score: the lower the sooner.
    """

    high: Numbers
    low: Numbers
    score: Floats


def candidates(
    landscape: AbstractLandscape, x: Inputs, target: Targets, loss: Losses, *, most: int, seed: int = 0
) -> Candidates:
    """For every input the `most` most promising ones of lower loss of the same target. Costs a gradient an input.

    Args:
        landscape: the landscape.
        x: the inputs (n, *input).
        target: class of each (n,).
        loss: of each (n,), finite.
        most: for each input.
        seed: of the draw of a pool, where there are many.
    """
    parts = []
    for group in torch.unique(target).tolist():
        members = (target == group).nonzero()[:, 0]
        members = members[loss[members].argsort(stable=True)]  # ascending: whoever is before another is lower
        parts += _of_group(landscape, x, int(group), members, most, seed)
    return Candidates(*(np.concatenate(part) for part in zip(*parts, strict=True))) if parts else _none()


def _of_group(
    landscape: AbstractLandscape, x: Inputs, target: int, members: torch.Tensor, most: int, seed: int
) -> list[Candidates]:
    count, size = len(members), x[0].numel()
    pool = np.sort(numpy_generator(seed).permutation(count)[: POOL * most])
    below = x[members[torch.from_numpy(pool)]].flatten(1)
    step = max(1, BLOCK // (2 * size + HELD * len(pool)))
    parts = []
    for begin in range(1, count, step):
        places = np.arange(begin, min(count, begin + step))
        rows = members[torch.from_numpy(places)]
        row, end, score = _best(_slopes(landscape, x[rows], target, below), pool, places, count, most)
        ends = np.where(end < 0, int(members[0]), members.numpy()[pool[end]])
        parts.append(Candidates(rows.numpy()[row], ends, score))
    return parts


def _best(slopes: Floats, pool: Numbers, places: Numbers, count: int, most: int) -> tuple[Numbers, Numbers, Floats]:
    """For each row of slopes (m, p) the most promising of the pool that are lower: row, place in the pool, and score of
    each. The place is -1 where the pool of a large group holds nothing lower: its lowest member always is.
    """
    fits = np.searchsorted(pool, places)  # so many of the pool are lower
    valid = np.arange(len(pool)) < fits[:, None]
    order = np.argsort(np.where(valid, slopes, np.inf), axis=1, kind="stable")
    rank = np.empty_like(order)
    np.put_along_axis(rank, order, np.arange(len(pool))[None], axis=1)
    score = np.where(valid, rank / np.maximum(fits, 1)[:, None] + pool / count, np.inf)
    best = np.argsort(score, axis=1, kind="stable")[:, :most]
    chosen = np.take_along_axis(score, best, axis=1)
    chosen[fits == 0, 0], best[fits == 0, 0] = 0.0, -1
    row, column = np.nonzero(np.isfinite(chosen))
    return row, best[row, column], chosen[row, column]


def _slopes(landscape: AbstractLandscape, x: Inputs, target: int, below: torch.Tensor) -> Floats:
    """How the loss begins to change from each input towards each of some others (n, m): <grad, y - x>."""
    aims = torch.full((len(x),), target)
    try:
        loss, gradient = landscape.gradient(x, aims, validated=True)
    except NetworkError:  # a network that gives no gradient is explored by losses alone
        return np.zeros((len(x), len(below)))
    even = landscape.on_even_scale(loss)
    rows = gradient.flatten(1).to("cpu", torch.float32)
    if even is not None:
        rows = rows * even.slope.to("cpu", torch.float32)[:, None]
    found = rows @ below.float().T - (rows * x.flatten(1).float().cpu()).sum(1, keepdim=True)
    return np.asarray(found.nan_to_num(0.0).numpy(), np.float64)


def _none() -> Candidates:
    return Candidates(np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
