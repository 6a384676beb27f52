"""Rounding: the row nearest to a point, with whole numbers, one category each, and sums as they are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from isthmus._core.shapes import Inputs
from isthmus.inputs.kinds.table.columns import Feature

if TYPE_CHECKING:
    from isthmus.inputs.kinds.table.kind import Table

SMALL = 1e-6  # of a sum: closer than this it is met


def rounded(table: Table, x: Inputs) -> Inputs:
    """Rows (n, d) near points (n, d).

    Every category is the likeliest, every whole number the nearest between its bounds; then the members of a sum that
    are not held are changed until it is right again: first those that need not be whole, all by one number, then whole
    ones by one each, where rounding has moved them most. A sum that no such row has stays as rounding leaves it.
    """
    found = x.clone()
    starts = {}
    for feature, place in zip(table.features, table.places, strict=True):
        starts[feature.name] = place.start
        if feature.categories:
            chosen = x[:, place].argmax(1)
            found[:, place] = torch.nn.functional.one_hot(chosen, feature.width).to(x)
        elif feature.whole:
            value = _whole(feature, feature.value(x[:, place].double().cpu().numpy()))
            found[:, place.start] = torch.from_numpy((value - feature.center) / feature.spread).to(x)
    for group, total in table.sums:
        members = [table[name] for name in group]
        if not any(member.whole for member in members):
            continue
        places = [starts[name] for name in group]
        before = np.stack([m.value(x[:, [k]].double().cpu().numpy()) for m, k in zip(members, places, strict=True)], 1)
        values = _of_sum(members, before, total)
        for column, (member, k) in enumerate(zip(members, places, strict=True)):
            found[:, k] = torch.from_numpy((values[:, column] - member.center) / member.spread).to(x)
    return found


def _whole(feature: Feature, values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.clip(np.round(values), np.ceil(feature.low - SMALL), np.floor(feature.high + SMALL))


def _of_sum(members: list[Feature], before: NDArray[np.float64], total: float) -> NDArray[np.float64]:
    """Values (n, members) with whole numbers where they must be, and the sum, where there are such."""
    whole = np.array([member.whole for member in members])
    free = np.array([not member.held for member in members])
    low, high = (np.array([getattr(member, end) for member in members]) for end in ("low", "high"))
    columns = [_whole(m, column) if m.whole else column for m, column in zip(members, before.T, strict=True)]
    values = np.stack(columns, axis=1)
    close = SMALL * max(1.0, abs(total))
    loose = free & ~whole
    for _ in range(len(members)):
        rest = total - values.sum(1)
        room = loose & np.where(rest[:, None] > 0, values < high, values > low)
        count = room.sum(1)
        if not ((np.abs(rest) > close) & (count > 0)).any():
            break
        share = np.divide(rest, count, out=np.zeros_like(rest), where=count > 0)
        values = np.where(room, np.clip(values + share[:, None], low, high), values)
    for _ in range(4 * len(members)):
        rest = total - values.sum(1)
        step = np.sign(rest)
        room = (free & whole) & np.where(step[:, None] > 0, values + 1 <= high + SMALL, values - 1 >= low - SMALL)
        rows = (np.abs(rest) > 0.5) & room.any(1)
        if not rows.any():
            break
        gain = np.where(room, (before - values) * step[:, None], -np.inf)
        values[rows, gain[rows].argmax(1)] += step[rows]
    return values
