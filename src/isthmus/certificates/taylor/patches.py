"""Patches: a surface as ground: parts of it that are bilinear, as polynomials of two variables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from isthmus._core.shapes import Corners, Inputs
from isthmus.certificates.taylor.boxes import Boxes, wider
from isthmus.certificates.taylor.enclosure import Enclosure
from isthmus.certificates.taylor.ground import Ground
from isthmus.certificates.taylor.monomials import Monomials
from isthmus.certificates.taylor.rounding import gamma, up


@dataclass(frozen=True, eq=False)
class Patch:
    """A bilinear part of a surface: (1 - v) ((1 - u) p0 + u p1) + v ((1 - u) p2 + u p3) for u, v in [0, 1].

    Attributes:
        corners: p, in float64 (4, *input).
        doubt: how far each number of the corners may be off (*input).
        low: where it begins on the surface (2,).
        side: how long it is there, along either side.
    """

    corners: Corners
    doubt: Tensor
    low: Float[Tensor, " 2"]
    side: float


@final
class Patches(Ground):
    """Patches that make up a surface."""

    variables: ClassVar[int] = 2
    orders: ClassVar[tuple[int, ...]] = (1, 2, 3, 5, 7)
    first_order: ClassVar[int] = 2

    def __init__(self, patches: Sequence[Patch]) -> None:
        self.patches = patches

    def __len__(self) -> int:
        return len(self.patches)

    def inputs(self, boxes: Boxes, order: int) -> Enclosure:
        corners = self._corners(boxes)
        ones = (1,) * (corners.ndim - 2)
        middle = boxes.middle.to(corners.device)
        half = wider((boxes.high - boxes.low).to(corners.device) / 2)
        u, v, hu, hv = (each.reshape(-1, *ones) for each in (*middle.T, *half.T))
        bottom, top = corners[:, 1] - corners[:, 0], corners[:, 3] - corners[:, 2]
        left, right = corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]
        twist = hu * hv * (top - bottom)
        powers = Monomials(self.variables, order).powers
        kept = corners.new_zeros(len(powers), *twist.shape)
        kept[0] = _bilinear(corners, u, v)
        kept[1], kept[2] = hu * (bottom + v * (top - bottom)), hv * (left + u * (right - left))
        radius = torch.stack([self.patches[number].doubt for number in boxes.number.tolist()])
        radius = radius + gamma(64) * corners.abs().sum(1)
        if order > 1:
            kept[powers.index((1, 1))] = twist
        else:
            radius = radius + twist.abs()
        return Enclosure(kept, up(radius), self.variables)

    def middles(self, boxes: Boxes) -> Inputs:
        corners = self._corners(boxes)
        u, v = (each.reshape(-1, *(1,) * (corners.ndim - 2)) for each in boxes.middle.to(corners.device).T)
        return _bilinear(corners, u, v)

    def spread(self) -> Inputs:
        """Nine inputs of the surface (9, *input): its corners, the middles of its sides, and its middle."""
        low = torch.stack([each.low for each in self.patches])
        side = torch.tensor([each.side for each in self.patches], dtype=torch.float64)[:, None]
        points = torch.cartesian_prod(*[torch.tensor([0.0, 0.5, 1.0], dtype=torch.float64)] * 2)
        inside = ((points[:, None] >= low) & (points[:, None] <= low + side)).all(2)
        number = inside.int().argmax(1)
        within = (points - low[number]) / side[number]
        return self.middles(Boxes(number, within, within, torch.zeros(len(points), dtype=torch.float64)))

    def places(self, boxes: Boxes, within: Float[Tensor, "n 2"]) -> Float[Tensor, "n 2"]:
        """(u, v) on the surface of places in the patches of some boxes."""
        low = torch.stack([self.patches[number].low for number in boxes.number.tolist()])
        side = torch.tensor([self.patches[number].side for number in boxes.number.tolist()], dtype=torch.float64)
        return low + side[:, None] * within

    def _corners(self, boxes: Boxes) -> Tensor:
        return torch.stack([self.patches[number].corners for number in boxes.number.tolist()])


def _bilinear(corners: Tensor, u: Tensor, v: Tensor) -> Inputs:
    """Points (n, *input) of patches with corners (n, 4, *input)."""
    bottom = (1 - u) * corners[:, 0] + u * corners[:, 1]
    return (1 - v) * bottom + v * ((1 - u) * corners[:, 2] + u * corners[:, 3])
