"""Balls: groups of numbers whose remainders are known together, by their 2-norm.

A radius for every number is multiplied by |W| in a layer, a ball by the spectral norm of W: where layers are wide or
many, that is tighter by orders of magnitude.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from jaxtyping import Int
from torch import Tensor

from isthmus._core.shapes import Radii
from isthmus.certificates.taylor.rounding import norm, up

Groups = Int[Tensor, "n *rest"]


@dataclass(frozen=True, eq=False)
class Layer:
    """Where balls come from that are images of balls: of a part of the outputs of a layer more is known than of all.

    Attributes:
        outputs: of the layer.
        reach: size of each group before it (groups,).
        rest: what was added to each since (groups,).
        spectral_norm: of so many rows of its weights from one on.
    """

    outputs: int
    reach: Tensor
    rest: Tensor
    spectral_norm: Callable[[int, int], float]

    def norms(self, group: Tensor, rows: Tensor) -> Tensor | None:
        """2-norms of parts (..., length) of groups (...,), if they are outputs of the layer in a row."""
        length = rows.shape[-1]
        first = rows[..., 0]
        if length == self.outputs or bool((rows != first[..., None] + torch.arange(length, device=rows.device)).any()):
            return None
        begins, which = first.unique(return_inverse=True)
        known = [self.spectral_norm(begin, length) for begin in begins.tolist()]
        gain = torch.tensor(known, dtype=self.reach.dtype, device=rows.device)[which]
        return up(gain * self.reach[group] + self.rest[group])


@dataclass(frozen=True, eq=False)
class Ball:
    """Which group each number belongs to, and the 2-norm that the remainders of a group do not exceed together.

    Attributes:
        code: of each number (n, *rest), its group times the outputs of the layer, and its place among these. No number is
            there twice: what repeats numbers drops the ball.
        size: 2-norm of each group (groups,).
        layer: where they come from, where that is known.
    """

    code: Groups
    size: Tensor
    layer: Layer | None = None

    @property
    def group(self) -> Groups:
        """Number of the group of each number (n, *rest)."""
        return self.code if self.layer is None else self.code // self.layer.outputs

    @staticmethod
    def along(axis: int, size: Tensor) -> Ball:
        """One group for all that differ only in their place along an axis, which has length 1 in `size`."""
        axis = axis % size.ndim
        return Ball(torch.arange(size.numel(), device=size.device).reshape(size.shape), size.flatten())

    def expanded(self, shape: torch.Size) -> Ball:
        """The same groups for a tensor in which their axis is longer."""
        return Ball(self.code.expand(shape), self.size)

    def of_layer(self, layer: Layer) -> Ball:
        """The same groups, each all outputs of a layer along the last axis."""
        return Ball(self.code * layer.outputs + torch.arange(layer.outputs, device=self.code.device), self.size, layer)

    def scaled(self, factor: float, local: Tensor) -> Ball:
        """Times a number, with further remainders (n, *rest)."""
        added = up(torch.zeros_like(self.size).scatter_add(0, self.group.reshape(-1), local.reshape(-1) ** 2)).sqrt()
        layer = self.layer
        if layer is not None:
            layer = replace(layer, reach=up(layer.reach * factor), rest=up(layer.rest * factor + added, local.numel()))
        return Ball(self.code, up(self.size * factor + added, local.numel()), layer)

    @property
    def of_each(self) -> Tensor:
        """What each number's own remainder does not exceed (n, *rest)."""
        return self.size[self.group]

    def rearranged(self, function: Callable[[Tensor], Tensor]) -> Ball:
        """After something that moves numbers, or leaves some out."""
        return Ball(function(self.code), self.size, self.layer)

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
            found = self.size[first]
            if self.layer is not None:
                part = self.layer.norms(first[..., 0], self.code.movedim(axis, -1) % self.layer.outputs)
                found = found if part is None else torch.minimum(found, part[..., None])
            return found.movedim(-1, axis)
        met = met.sort(-1).values
        new = torch.ones_like(met, dtype=torch.bool)
        new[..., 1:] = met[..., 1:] != met[..., :-1]
        squares = torch.where(new, self.size[met] ** 2, 0.0).sum(-1, keepdim=True)
        return up(squares, met.shape[-1]).sqrt().movedim(-1, axis)


def norms(radius: Radii, ball: Ball | None, axis: int) -> Tensor:
    """2-norms of remainders along an axis (of length 1 in the result): by radii or balls, whichever says less."""
    by_radius = norm(radius, axis).unsqueeze(axis)
    return by_radius if ball is None else torch.minimum(by_radius, ball.norms(axis))
