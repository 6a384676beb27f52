"""Box: every coordinate between two bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from torch import Tensor

from isthmus._core.annotated import as_annotated
from isthmus._core.constants import beside
from isthmus._core.geometry import inner, share_along, slide
from isthmus._core.given import shown, tensor_of
from isthmus._core.shapes import Inputs, Losses
from isthmus.errors import InputError
from isthmus.landscapes.domains.base import Domain

ASKED = 4  # steps after which an accelerator, which has to be waited for, is asked whether it is there


@as_annotated
@dataclass(frozen=True)
class Box(Domain):
    """Every coordinate between `low` and `high`: numbers, or tensors or arrays that broadcast to one input."""

    low: float | Tensor | np.ndarray = 0.0
    high: float | Tensor | np.ndarray = 1.0

    def __post_init__(self) -> None:
        for name in ("low", "high"):
            if isinstance(bound := getattr(self, name), np.ndarray):
                object.__setattr__(self, name, tensor_of(f"Box: {name}", bound))
        low, high = torch.as_tensor(self.low), torch.as_tensor(self.high)
        for name, bound in (("Box: low", low), ("Box: high", high)):
            check_bound(name, bound)
        try:
            sorted_right = bool((low <= high).all())
        except RuntimeError as error:
            raise InputError(
                f"The bounds of a Box must have one shape, got {tuple(low.shape)} and {tuple(high.shape)}."
            ) from error
        if not sorted_right:
            raise InputError(f"Box needs low <= high, got low={self.low}, high={self.high}; swap them.")

    def _bounds(self, x: Inputs) -> tuple[Tensor, Tensor]:
        low, high = (beside(cast("float | Tensor", bound), x) for bound in (self.low, self.high))  # no arrays any more
        for bound in (low, high):
            check_spreads("The bounds of a Box are those of every input,", bound, x)
        return low, high

    def excess(self, x: Inputs) -> Losses:
        low, high = self._bounds(x)
        return torch.maximum(low - x, x - high).clamp_min(0).flatten(1).amax(1)

    def project(self, x: Inputs) -> Inputs:
        low, high = self._bounds(x)
        return x.clamp(low, high)

    def project_to_plane(self, x: Inputs, through: Inputs, normal: Inputs) -> Inputs:
        """clip(x - shift * normal) with the one shift that lands in the hyperplane.

        <clip(x - shift * normal) - through, normal> falls monotonically with the shift and is piecewise linear:
        Newton steps, kept inside a shrinking bracket, find its root for the whole batch at once.
        """
        low, high = self._bounds(x)
        squared = inner(normal, normal)
        shift = share_along(x - through, normal)
        below = torch.full_like(shift, -math.inf)
        above = torch.full_like(shift, math.inf)
        # Where everything is clipped there is no slope: the search then strides, ever farther, until it has a bracket.
        stride = shift.abs() + (x - x.clamp(low, high)).flatten(1).abs().amax(1) / normal.flatten(1).abs().amax(1)
        moved = x
        every = 1 if x.device.type == "cpu" else ASKED
        for number in range(1, 101):
            free = slide(x, shift, normal)
            moved = free.clamp(low, high)
            height = inner(moved - through, normal)
            if number % every == 0 and bool((height.abs() <= 1e-7 * squared).all()):
                break
            below = torch.where(height > 0, shift, below)
            above = torch.where(height < 0, shift, above)
            newton = shift + height / inner(normal * (moved == free), normal)
            middle = torch.where(
                below.isinf(), above - stride, torch.where(above.isinf(), below + stride, (below + above) / 2)
            )
            stride = 2 * stride
            step = torch.where((newton > below) & (newton < above), newton, middle)
            shift = torch.where((height != 0) & step.isfinite(), step, shift)
        return moved


def check_bound(name: str, bound: Tensor) -> None:
    """Refuses what can bound nothing: tensors without plain real numbers."""
    if bound.layout is not torch.strided or bound.is_meta or bound.is_complex() or bound.dtype is torch.bool:
        raise InputError(f"{name} must be a number or a plain tensor of real numbers, got {shown(bound)}.")


def check_spreads(what: str, bound: Tensor, x: Inputs) -> None:
    """Refuses a bound whose shape is not that of one of the inputs x (n, *input), nor spreads to it."""
    shape = bound.shape[1:] if bound.ndim == x.ndim and len(bound) == 1 else bound.shape
    if len(shape) >= x.ndim or any(
        mine not in (1, its) for mine, its in zip(reversed(shape), reversed(x.shape), strict=False)
    ):
        raise InputError(f"{what} of shape {tuple(x.shape[1:])} or one that spreads to it, got {tuple(bound.shape)}.")
