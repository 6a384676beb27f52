"""in_plane: the nearest point of a domain in a hyperplane, from the domain's own projection."""

from __future__ import annotations

from collections.abc import Callable

import torch

from isthmus._core.geometry import inner, share_along, slide
from isthmus._core.shapes import Inputs

TRIES = 60  # halvings of a bracket: float64 has no more


def in_plane(project: Callable[[Inputs], Inputs], x: Inputs, through: Inputs, normal: Inputs) -> Inputs:
    """The nearest point: P(x - shift * normal), P the projection, for the one shift that lands in the hyperplane
    through `through`. Its height falls with the shift (the dual is concave), so that a bracket is halved.
    """
    point, through, normal = x.double(), through.double(), normal.double()
    squared = inner(normal, normal)
    shift = share_along(point - through, normal).nan_to_num(0.0)
    moved = project(slide(point, shift, normal))
    height = inner(moved - through, normal)
    there = height.abs() <= 1e-9 * squared
    if bool(there.all()):
        return moved.to(x.dtype)
    reach = shift.abs() + 1.0
    below, above = shift - reach, shift + reach
    for _ in range(TRIES):  # a bracket: above it is too low, below it too high
        high = inner(project(slide(point, above, normal)) - through, normal) > 0
        low = inner(project(slide(point, below, normal)) - through, normal) < 0
        if not bool((high | low).any()):
            break
        reach = 2 * reach
        above, below = torch.where(high, above + reach, above), torch.where(low, below - reach, below)
    for _ in range(TRIES):
        middle = (below + above) / 2
        moved = project(slide(point, middle, normal))
        height = inner(moved - through, normal)
        if bool((height.abs() <= 1e-9 * squared).all()):
            break
        below = torch.where(height > 0, middle, below)
        above = torch.where(height > 0, above, middle)
    return moved.to(x.dtype)
