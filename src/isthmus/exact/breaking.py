"""Where operators break that are affine on pieces: ReLU and its relatives, and max-pooling."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from isthmus.exact.pieces import Pieces

PASSES = 32  # of the search for knots of max-pooling; a window of 3 x 3 needs eight at most


def at_levels(x: Pieces, levels: Sequence[float]) -> Pieces:
    """X with a knot wherever one of its numbers crosses a level."""
    found = [x.knots]
    for level in levels:
        above = x.numbers > level
        found.append(_crossings(x.knots, x.numbers, above[:-1] ^ above[1:], level))
    return x.refined(torch.unique(torch.cat(found)))


def _crossings(t: Tensor, values: Tensor, crossing: Tensor, level: float) -> Tensor:
    """Positions at which numbers reach a level that they cross between two knots, where `crossing` says so."""
    row, column = crossing.flatten(1).nonzero(as_tuple=True)
    if not len(row):
        return t[:0]
    values = values.flatten(1)
    left, right = values[row, column].double() - level, values[row + 1, column].double() - level
    return _inside(t, row, left / (left - right))


def _inside(t: Tensor, row: Tensor, share: Tensor) -> Tensor:
    """Positions at a share of the way from knot `row` to the next."""
    return t[row] + share.clamp(0, 1) * (t[row + 1] - t[row])


def at_changes_of_the_largest(x: Pieces, members: Tensor) -> tuple[Pieces, int]:
    """X with a knot wherever the largest member of a group changes, and in how many places that could not be resolved.

    Args:
        x: the function.
        members: numbers of the members of every group (groups, size) in the flattened values; -1 for none.
    """
    absent = members < 0
    index = members.clamp_min(0)
    for _ in range(PASSES):
        flat = x.numbers.flatten(1)
        new = []
        for begin in range(0, len(x.knots) - 1, _rows(index)):
            rows = slice(begin, min(len(x.knots) - 1, begin + _rows(index)) + 1)
            values = flat[rows][:, index].masked_fill(absent, -torch.inf)  # (knots, groups, size)
            new.append(_changes(x.knots[rows], values))
        extra = torch.cat(new) if new else x.knots[:0]
        if not len(extra):
            return x, 0
        t = torch.unique(torch.cat([x.knots, extra]))
        if len(t) == len(x.knots):  # what is left lies closer together than float64 can tell
            return x, 0
        x = x.refined(t)
    return x, len(extra)


def _rows(index: Tensor) -> int:
    """Knots looked at together."""
    return max(1, 2**24 // max(1, index.numel()))


def _changes(t: Tensor, values: Tensor) -> Tensor:
    """Positions at which the largest member at a knot and the largest at the next are equal, where they differ."""
    top, winner = values.max(-1)
    left, right = winner[:-1, :, None], winner[1:, :, None]
    # A member that is largest at both ends is largest between them, whatever ties there are.
    loses_right = top[1:] > values[1:].gather(2, left)[..., 0]
    loses_left = top[:-1] > values[:-1].gather(2, right)[..., 0]
    row, group = (loses_left & loses_right).nonzero(as_tuple=True)
    if not len(row):
        return t[:0]
    one, other = winner[row, group], winner[row + 1, group]
    before = (values[row, group, one] - values[row, group, other]).double()
    after = (values[row + 1, group, one] - values[row + 1, group, other]).double()
    share = before / (before - after)
    inside = (share > 1e-12) & (share < 1 - 1e-12)
    return _inside(t, row, share)[inside]
