"""Balls: groups of numbers whose remainders are known together, by their 2-norm.

A radius for every number is multiplied by |W| in a layer, a ball by the spectral norm of W: where layers are wide or
many, that is tighter by orders of magnitude.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import NamedTuple

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
        weight: of the layer (outputs, inputs).
        reach: size of each group before it (groups,).
        rest: what was added to each since (groups,).
        spectral_norm: of a part of its weights.
        factor: number that the outputs were multiplied by since.
    """

    weight: Tensor
    reach: Tensor
    rest: Tensor
    spectral_norm: Callable[[Tensor], float]
    factor: float = 1.0

    @property
    def outputs(self) -> int:
        """Number of outputs."""
        return len(self.weight)

    def part(self, rows: Tensor) -> Part | None:
        """Of the outputs in places (..., length), which is known if they follow one another."""
        length = rows.shape[-1]
        first = rows[..., 0]
        if bool((rows != first[..., None] + torch.arange(length, device=rows.device)).any()):
            return None
        begins, which = torch.unique(first, return_inverse=True)
        weights = [self.weight[begin : begin + length] for begin in begins.tolist()]
        gains = torch.tensor([self.spectral_norm(each) for each in weights], dtype=self.reach.dtype, device=rows.device)
        return Part(weights, which, gains * abs(self.factor))

    def scaled(self, factor: float, added: Tensor) -> Layer:
        """Times a number, with a further remainder (groups,)."""
        return replace(self, factor=self.factor * factor, rest=up(self.rest * abs(factor) + added, 64))


class Part(NamedTuple):
    """Some outputs of a layer in a row, in several places.

    Attributes:
        weights: of the different ones.
        which: of these stands in each place (...,).
        gains: spectral norms of the different ones.
    """

    weights: list[Tensor]
    which: Tensor
    gains: Tensor


@dataclass(frozen=True, eq=False)
class Ball:
    """Which group each number belongs to, and the 2-norm that the remainders of a group do not exceed together.

    Attributes:
        code: of each number (n, *rest), its group times the outputs of the layer, and its place among these. No number
            is there twice: what repeats numbers drops the ball.
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

    def rows(self, axis: int) -> Tensor:
        """Which outputs of the layer stand along an axis, which comes last."""
        assert self.layer is not None
        return self.code.movedim(axis, -1) % self.layer.outputs

    def scaled(self, factor: float, local: Tensor) -> Ball:
        """Times a number, with further remainders (n, *rest)."""
        added = up(torch.zeros_like(self.size).scatter_add(0, self.group.reshape(-1), local.reshape(-1) ** 2)).sqrt()
        layer = None if self.layer is None else self.layer.scaled(factor, added)
        return Ball(self.code, up(self.size * abs(factor) + added, local.numel()), layer)

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
                part = self.layer.part(self.rows(axis)) if met.shape[-1] < self.layer.outputs else None
                if part is not None:
                    group = first[..., 0]
                    size = up(part.gains[part.which] * self.layer.reach[group] + self.layer.rest[group])
                    found = torch.minimum(found, size[..., None])
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
