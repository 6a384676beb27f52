"""Levels: where numbers that are affine between knots cross a level, at which ReLU and its relatives break."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from isthmus.certificates.affine_pieces.pieces import in_rows


def crossings(t: Tensor, values: Tensor, levels: Sequence[float], *, where: Tensor | None = None) -> Tensor:
    """Positions (k,) inside the intervals of knots t (m,) at which one of the values (m, *rest) crosses a level.

    `where` says in which intervals of which values (m - 1, n), `in_rows`, to look; by default in all.
    """
    flat = in_rows(values)
    found = [t[:0]]
    for level in levels:
        above = flat > level
        crosses = above[:-1] ^ above[1:]
        row, column = marked(crosses if where is None else crosses & where)
        left, right = flat[row, column].double() - level, flat[row + 1, column].double() - level
        found.append(at_share(t, row, left / (left - right)))
    return torch.cat(found)


def marked(mask: Tensor) -> tuple[Tensor, Tensor]:
    """Row and column of every True (rows, n), of which there are few: eight places are looked at as one number."""
    if not mask.shape[1] or mask.shape[1] % 8 or not mask.is_contiguous():
        row, column = mask.nonzero(as_tuple=True)
        return row, column
    row, word = mask.view(torch.int64).nonzero(as_tuple=True)
    which, place = mask.reshape(len(mask), -1, 8)[row, word].nonzero(as_tuple=True)
    return row[which], 8 * word[which] + place


def at_share(t: Tensor, row: Tensor, share: Tensor) -> Tensor:
    """Positions at a share of the way from knot `row` to the next."""
    return t[row] + share.clamp(0, 1) * (t[row + 1] - t[row])
