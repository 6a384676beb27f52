"""Envelope: where the largest of a group of numbers that are affine between knots gives way to another."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from isthmus.certificates.affine_pieces.levels import at_share, marked

LOWEST = -1e300  # stands for a member that is not there
ROWS = 2**18  # walks made together


def changes_of_the_largest(
    t: Tensor,
    values: Tensor,
    winner: Tensor,
    members: Callable[[Tensor], Tensor],
    *,
    floor: float = -torch.inf,
) -> Tensor:
    """Positions at which the largest member of a group changes, or crosses the floor on its way from one to another.

    Between two knots with the same winner there is none: a member that is largest at both ends is largest between them.

    Args:
        t: knots (m,).
        values: all numbers at the knots (m, n).
        winner: which member of each group is the largest at the knots (m, groups), by any consistent naming.
        members: numbers among the n of the members (k, size) of groups (k,); -1 for none.
        floor: changes at which the largest is no larger than this do not matter.
    """
    rows, groups = marked(winner[1:] != winner[:-1])
    found = [t[:0]]
    for row, group in zip(torch.split(rows, ROWS), torch.split(groups, ROWS), strict=True):
        index = members(group)
        left, right = (_of(values, row + after, index) for after in (0, 1))
        found += [at_share(t, row[place], share) for place, share in _walk(left, right, floor)]
    return torch.cat(found)


def _of(values: Tensor, row: Tensor, index: Tensor) -> Tensor:
    return values[row[:, None], index.clamp_min(0)].double().masked_fill(index < 0, LOWEST)


def _walk(left: Tensor, right: Tensor, floor: float) -> list[tuple[Tensor, Tensor]]:
    """Along the upper envelope of lines (k, size) over shares from 0 to 1: rows and shares of what is met.

    From the line on top, the next is the steeper one that is met first: there are no more corners than lines.
    """
    slope = right - left
    here = torch.zeros((len(left), 1), dtype=left.dtype, device=left.device)
    height = left.amax(1, keepdim=True)
    top = torch.where(left == height, slope, -torch.inf).argmax(1, keepdim=True)
    place = torch.arange(len(left), device=left.device)
    found = []
    while len(place):
        gain = slope - slope.gather(1, top)
        meets = torch.where(gain > 0, (left.gather(1, top) - left) / gain, torch.inf)
        share, following = meets.min(1, keepdim=True)
        goes_on = share < 1
        share = share.clamp(max=1)
        higher = left.gather(1, top) + share * slope.gather(1, top)
        crosses = (height > floor) ^ (higher > floor)
        if bool(crosses.any()):
            at = here + (floor - height) / (higher - height) * (share - here)
            found.append((place[crosses[:, 0]], at[crosses]))
        corner = goes_on & (higher > floor) & (share > 0)
        found.append((place[corner[:, 0]], share[corner]))
        rows = goes_on[:, 0]
        left, slope, place = left[rows], slope[rows], place[rows]
        here, height, top = share[rows], higher[rows], following[rows]
    return found
