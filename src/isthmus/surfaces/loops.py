"""Loops: what a surface is bounded by, and the plain surface in it that filling begins with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from isthmus._core.geometry import expand_to
from isthmus._core.ragged import part_of, ragged
from isthmus._core.shapes import Corners, Inputs, Parameters
from isthmus.errors import InputError
from isthmus.paths import Polyline

SIDES = ("bottom", "right", "top", "left")  # from corner 0 to 1, 1 to 3, 2 to 3, 0 to 2


class Loop(ABC):
    """A boundary and the plain surface in it: points of a convex domain make a surface in that domain.

    Attributes:
        kind: what files call it.
        corners: at (u, v) = (0, 0), (1, 0), (0, 1), (1, 1): (4, *input).
        free: whether the sides may be moved; the corners never are.
    """

    kind: ClassVar[str]
    free: ClassVar[bool]
    corners: Corners

    @abstractmethod
    def at(self, u: Parameters, v: Parameters) -> Inputs:
        """Points (m, *input) at (u, v), each (m,)."""

    @abstractmethod
    def tensors(self) -> Mapping[str, Tensor]:
        """What it is made of."""


@final
@dataclass(frozen=True, eq=False)
class Quadrilateral(Loop):
    """Four corners with straight sides, which may be moved: x = (1 - v) ((1 - u) p0 + u p1) + v ((1 - u) p2 + u p3)."""

    kind: ClassVar[str] = "quadrilateral"
    free: ClassVar[bool] = True

    corners: Corners

    def at(self, u: Parameters, v: Parameters) -> Inputs:
        corners = self.corners
        across, up = (expand_to(each.to(corners), corners[:1].expand(len(each), *corners.shape[1:])) for each in (u, v))
        bottom = torch.lerp(corners[0], corners[1], across)
        return torch.lerp(bottom, torch.lerp(corners[2], corners[3], across), up)

    def tensors(self) -> Mapping[str, Tensor]:
        return {"corners": self.corners}


@final
@dataclass(frozen=True, eq=False)
class Cone(Loop):
    """Four paths that are held, and straight lines from all their points to the mean of the corners.

    Attributes:
        bottom, right, top, left: from (0, 0) to (1, 0), (1, 0) to (1, 1), (0, 1) to (1, 1), (0, 0) to (0, 1).
    """

    kind: ClassVar[str] = "cone"
    free: ClassVar[bool] = False

    bottom: Polyline
    right: Polyline
    top: Polyline
    left: Polyline

    def __post_init__(self) -> None:
        ends = {name: getattr(self, name).ends for name in SIDES}
        meets = (
            ("bottom", 0, "left", 0),
            ("bottom", 1, "right", 0),
            ("top", 0, "left", 1),
            ("top", 1, "right", 1),
        )
        for one, end, other, begin in meets:
            if not torch.equal(ends[one][end], ends[other][begin]):
                raise InputError(f"The sides of a loop must meet, but {one} and {other} have different ends there.")

    @property
    def corners(self) -> Corners:  # type: ignore[override]
        return torch.cat([self.bottom.ends, self.top.ends])

    def at(self, u: Parameters, v: Parameters) -> Inputs:
        x, y = u.double().cpu() - 0.5, v.double().cpu() - 0.5
        size = torch.maximum(x.abs(), y.abs())
        safe = torch.where(size > 0, 2 * size, 1.0)
        s, t = (x / safe + 0.5).clamp(0, 1), (y / safe + 0.5).clamp(0, 1)
        rim = self.corners[:1].repeat(len(u), *(1,) * (self.corners.ndim - 1))
        level = x.abs() <= y.abs()
        for path, rows, along in (
            (self.bottom, level & (y < 0), s),
            (self.top, level & (y >= 0), s),
            (self.left, ~level & (x < 0), t),
            (self.right, ~level & (x >= 0), t),
        ):
            if bool(rows.any()):
                rim[rows.to(rim.device)] = path.at(along[rows])
        middle = self.corners.mean(0, keepdim=True).expand_as(rim)
        return torch.lerp(middle, rim, expand_to((2 * size).clamp(0, 1).to(rim), rim))

    def tensors(self) -> Mapping[str, Tensor]:
        return ragged("sides", [getattr(self, name).vertices for name in SIDES])


def loop_of(kind: str, tensors: Mapping[str, Tensor]) -> Loop:
    """The loop that `tensors` came from."""
    if kind == Quadrilateral.kind:
        return Quadrilateral(tensors["corners"])
    return Cone(*(Polyline(part_of(tensors, "sides", number)) for number in range(len(SIDES))))
