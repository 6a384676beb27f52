"""Restricted: a box in which some coordinates have a given sum, and some are held."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from isthmus._core.constants import beside
from isthmus._core.shapes import Inputs, Losses
from isthmus.errors import InputError
from isthmus.landscapes.domains.box import Box
from isthmus.landscapes.domains.by_projection import ByProjection

INNER = 40


@dataclass(frozen=True)
class Restricted(ByProjection):
    """Coordinates between `low` and `high`, of which groups have given sums; slopes leave the held ones as they are.

    For rows of tables: one of k categories, or shares of a whole, are coordinates whose sum is given, and what a
    person cannot change is held. Held coordinates are no bound: two inputs may differ in them, and a path between them
    leads straight from one value to the other.

    Args:
        low, high: bounds, numbers or tensors that spread to one input.
        sums: groups of coordinates (numbers in the flattened input), and the sum of each; no coordinate is in two.
        held: coordinates along which there is no slope.

    Raises:
        InputError: groups that overlap, or sums that the bounds do not allow.
    """

    low: float | Tensor = -torch.inf
    high: float | Tensor = torch.inf
    sums: Sequence[tuple[Sequence[int], float]] = ()
    held: Sequence[int] = ()

    def __post_init__(self) -> None:
        members = [k for group, _ in self.sums for k in group]
        if len(set(members)) < len(members) or any(not group for group, _ in self.sums):
            raise InputError("The sums of a Restricted domain are those of groups that share no coordinate.")
        for group, total in self.sums:
            low, high = (self._bound(bound, group) for bound in (self.low, self.high))
            if not low - 1e-6 <= total <= high + 1e-6:
                raise InputError(f"A sum of {total:g} is not possible: the bounds allow {low:g} to {high:g}.")

    def __repr__(self) -> str:
        return f"Restricted({len(self.sums)} sums, {len(self.held)} held)"

    @staticmethod
    def _bound(bound: float | Tensor, group: Sequence[int]) -> float:
        values = torch.as_tensor(bound)
        return float(values) * len(group) if values.ndim == 0 else float(values.flatten()[list(group)].sum())

    @property
    def _box(self) -> Box:
        return Box(self.low, self.high)

    def free(self, slope: Inputs) -> Inputs:
        flat = slope.flatten(1).clone()
        flat[:, list(self.held)] = 0
        for group, _ in self.sums:
            moving = [k for k in group if k not in set(self.held)]
            if moving:
                part = flat[:, moving]
                flat[:, moving] = part - part.mean(1, keepdim=True)
        return flat.reshape(slope.shape)

    def hold(self, x: Inputs, source: Inputs) -> Inputs:
        held = list(self.held)
        flat = x.flatten(1).clone()
        flat[:, held] = source.flatten(1)[:, held].to(flat)
        return flat.reshape(x.shape)

    def excess(self, x: Inputs) -> Losses:
        flat = x.flatten(1)
        found = self._box.excess(x)
        for group, total in self.sums:
            found = torch.maximum(found, (flat[:, list(group)].sum(1) - total).abs() / len(group))
        return found

    def nearest(self, x: Inputs) -> Inputs:
        """The nearest point in box and sums: the members of a group that are not held are shifted by the one number
        that gives it its sum. Where those that are held leave no room for that, all are.
        """
        box = self._box.project(x)
        if not self.sums:
            return box
        flat, found = x.flatten(1), box.flatten(1).clone()
        low, high = (beside(bound, x).expand(x.shape[1:]).flatten() for bound in (self.low, self.high))
        for group, total in self.sums:
            rows = list(group)
            loose = [k for k in rows if k not in set(self.held)]
            if len(loose) == len(rows):
                found[:, rows] = _of_sum(flat[:, rows], torch.full_like(flat[:, :1], total), low[rows], high[rows])
                continue
            left = total - found[:, [k for k in rows if k in set(self.held)]].sum(1, keepdim=True)
            fits = (
                (left >= low[loose].sum() - 1e-9) & (left <= high[loose].sum() + 1e-9) if loose else left.abs() < 1e-9
            )
            whole = torch.full_like(left, total)
            moved = found[:, rows].clone()
            if loose:
                moved[:, [rows.index(k) for k in loose]] = _of_sum(flat[:, loose], left, low[loose], high[loose])
            found[:, rows] = torch.where(fits, moved, _of_sum(flat[:, rows], whole, low[rows], high[rows]))
        return found.reshape(x.shape)


def _of_sum(part: Tensor, total: Tensor, low: Tensor, high: Tensor) -> Tensor:
    """clip(part - shift, low, high) with the one shift that makes its sum `total` (n, 1), by bracketed Newton steps."""
    shift = (part.sum(1, keepdim=True) - total) / part.shape[1]
    reach = (part - shift).abs().amax(1, keepdim=True) + total.abs() + 1
    below, above = shift - reach, shift + reach
    found = (part - shift).clamp(low, high)
    for _ in range(INNER):
        excess = found.sum(1, keepdim=True) - total
        if bool((excess.abs() <= 1e-12 * (1 + total.abs())).all()):
            break
        below, above = torch.where(excess > 0, shift, below), torch.where(excess < 0, shift, above)
        slope = (found == part - shift).sum(1, keepdim=True)
        step = shift + excess / slope
        usable = (slope > 0) & (step > below) & (step < above)
        shift = torch.where(excess == 0, shift, torch.where(usable, step, (below + above) / 2))
        found = (part - shift).clamp(low, high)
    return found
