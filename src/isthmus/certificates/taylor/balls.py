"""Balls: groups of numbers whose remainders are known together, by their 2-norm.

A radius for every number is multiplied by |W| in a layer, a ball by the spectral norm of W: where layers are wide or
many, that is tighter by orders of magnitude.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Int
from torch import Tensor

from isthmus._core.shapes import Radii
from isthmus.certificates.taylor.rounding import norm, up

Groups = Int[Tensor, "n *rest"]


@dataclass(frozen=True, eq=False)
class Ball:
    """Which group each number belongs to, and the 2-norm that the remainders of a group do not exceed together.

    Attributes:
        group: numbers of groups (n, *rest). No number is in it twice: what repeats numbers drops the ball.
        size: 2-norm of each group (groups,).
    """

    group: Groups
    size: Tensor

    @staticmethod
    def along(axis: int, size: Tensor) -> Ball:
        """One group for all that differ only in their place along an axis, which has length 1 in `size`."""
        axis = axis % size.ndim
        return Ball(torch.arange(size.numel(), device=size.device).reshape(size.shape), size.flatten())

    def expanded(self, shape: torch.Size) -> Ball:
        """The same groups for a tensor in which their axis is longer."""
        return Ball(self.group.expand(shape), self.size)

    @property
    def of_each(self) -> Tensor:
        """What each number's own remainder does not exceed (n, *rest)."""
        return self.size[self.group]

    def rearranged(self, function: Callable[[Tensor], Tensor]) -> Ball:
        """After something that moves numbers, or leaves some out."""
        return Ball(function(self.group), self.size)

    def stretched(self, slope: Tensor, local: Tensor) -> Ball:
        """After functions of single numbers that are at most so steep, with further remainders (n, *rest)."""
        flat = self.group.reshape(-1)
        steepest = torch.zeros_like(self.size).scatter_reduce(0, flat, slope.reshape(-1), "amax")
        squares = torch.zeros_like(self.size).scatter_add(0, flat, local.reshape(-1) ** 2)
        return Ball(self.group, up(steepest * self.size + up(squares, len(flat)).sqrt()))

    def norms(self, axis: int) -> Tensor:
        """2-norms along an axis, of length 1 in the result: of all groups that are met there."""
        met = self.group.movedim(axis, -1)
        first = met[..., :1]
        if bool((met == first).all()):
            return self.size[first].movedim(-1, axis)
        met = met.sort(-1).values
        new = torch.ones_like(met, dtype=torch.bool)
        new[..., 1:] = met[..., 1:] != met[..., :-1]
        squares = torch.where(new, self.size[met] ** 2, 0.0).sum(-1, keepdim=True)
        return up(squares, met.shape[-1]).sqrt().movedim(-1, axis)


def norms(radius: Radii, ball: Ball | None, axis: int) -> Tensor:
    """2-norms of remainders along an axis (of length 1 in the result): by radii or balls, whichever says less."""
    by_radius = norm(radius, axis).unsqueeze(axis)
    return by_radius if ball is None else torch.minimum(by_radius, ball.norms(axis))
