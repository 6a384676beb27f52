"""mark_suspects: pairs that stayed above their threshold where gradients are not to be trusted."""

from __future__ import annotations

import torch

from isthmus._core.geometry import lengths
from isthmus._core.warned import warn
from isthmus.connecting.pair import PairWork
from isthmus.descents import is_broken, kept_share
from isthmus.errors import NetworkError
from isthmus.landscapes import AbstractLandscape
from isthmus.paths import Bundle

PLACES, STEP = 3, 0.001  # above the threshold, where gradients are asked for their promises; shares of |AC|


def mark_suspects(landscape: AbstractLandscape, work: list[PairWork], total: int) -> None:
    """Marks those of the pairs, of a group of so many, on whose paths gradients say nothing where these are too high: a
    method that follows gradients could not have moved them, connected or not.
    """
    if not work:
        return
    places = [pair.too_high(PLACES) for pair in work]
    counts = torch.tensor([len(t) for t in places])
    rows = torch.arange(len(work)).repeat_interleave(counts)
    points = Bundle.of([pair.best.path for pair in work]).at(rows, torch.cat(places))
    targets = torch.tensor([pair.direct.target for pair in work]).repeat_interleave(counts)
    ends = torch.stack([pair.path.ends for pair in work])
    steps = (STEP * lengths(ends[:, 1] - ends[:, 0]).cpu()).repeat_interleave(counts)
    try:
        kept = kept_share(landscape, points, targets, steps)
    except NetworkError:
        return  # a method that asks no gradients, on a network that has none
    for pair, shares in zip(work, torch.split(kept, counts.tolist()), strict=True):
        pair.cost += 7 * len(shares)
        pair.suspect = len(shares) > 0 and bool(is_broken(shares.nanmedian()[None]))
    if any(pair.suspect for pair in work):
        warn(
            f"{sum(pair.suspect for pair in work)} of {total} pairs ended above their threshold where gradients are "
            "zero, or do not lead where they promise: that says nothing of whether they are connected (rounding, "
            "saturation, gradients of the network's own?).",
        )
