"""Domains: where inputs may lie, in data units, and how a point is brought back inside."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from isthmus._geometry import expand_to, inner, norms
from isthmus._shapes import Input, Inputs, Losses, Mask
from isthmus.errors import InputError


class Domain(ABC):
    """A closed convex set of inputs."""

    @abstractmethod
    def excess(self, x: Inputs) -> Losses:
        """How far each input (n,) lies outside, in data units; 0 inside."""

    @abstractmethod
    def project(self, x: Inputs) -> Inputs:
        """The nearest point of the domain to each input."""

    @abstractmethod
    def project_to_plane(self, x: Inputs, through: Inputs, normal: Inputs) -> Inputs:
        """The nearest point to each input in domain and hyperplane {v: <v - through, normal> = 0} together.

        `through` must lie in the domain. A zero normal stands for no hyperplane.
        """

    def contains(self, x: Inputs, tolerance: float = 1e-6) -> Mask:
        """Whether each input (n,) lies inside, up to `tolerance` in data units."""
        return self.excess(x) <= tolerance


@dataclass(frozen=True)
class Unbounded(Domain):
    """No bounds."""

    def excess(self, x: Inputs) -> Losses:
        return x.new_zeros(len(x))

    def project(self, x: Inputs) -> Inputs:
        return x

    def project_to_plane(self, x: Inputs, through: Inputs, normal: Inputs) -> Inputs:
        return _slide(x, _to_plane(x, through, normal), normal)


@dataclass(frozen=True)
class Box(Domain):
    """Every coordinate between `low` and `high`: numbers, or tensors that broadcast to one input."""

    low: float | Tensor = 0.0
    high: float | Tensor = 1.0

    def __post_init__(self) -> None:
        if not bool((torch.as_tensor(self.low) <= torch.as_tensor(self.high)).all()):
            raise InputError(f"Box needs low <= high, got low={self.low}, high={self.high}; swap them.")

    def _bounds(self, x: Inputs) -> tuple[Tensor, Tensor]:
        return torch.as_tensor(self.low).to(x), torch.as_tensor(self.high).to(x)

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
        shift = _to_plane(x, through, normal)
        below = torch.full_like(shift, -math.inf)
        above = torch.full_like(shift, math.inf)
        # Where everything is clipped there is no slope: the search then strides, ever farther, until it has a bracket.
        stride = shift.abs() + (x - x.clamp(low, high)).flatten(1).abs().amax(1) / normal.flatten(1).abs().amax(1)
        moved = x
        for _ in range(100):
            free = _slide(x, shift, normal)
            moved = free.clamp(low, high)
            height = inner(moved - through, normal)
            if bool((height.abs() <= 1e-7 * squared).all()):
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


@dataclass(frozen=True)
class Ball(Domain):
    """All inputs within `radius` of `center` (*input), in the norm 2 or math.inf."""

    center: Input
    radius: float
    norm: float = 2.0

    def __post_init__(self) -> None:
        if self.norm not in (2, math.inf):
            raise InputError(f"Ball knows the norms 2 and math.inf, got {self.norm}.")
        if not self.radius >= 0:
            raise InputError(f"Ball needs a radius >= 0, got {self.radius}.")

    def _box(self) -> Box:
        return Box(self.center - self.radius, self.center + self.radius)

    def excess(self, x: Inputs) -> Losses:
        if self.norm == math.inf:
            return self._box().excess(x)
        return (norms(x - self.center.to(x)) - self.radius).clamp_min(0).to(x.dtype)

    def project(self, x: Inputs) -> Inputs:
        if self.norm == math.inf:
            return self._box().project(x)
        radius = torch.full((len(x),), self.radius, dtype=torch.float64, device=x.device)
        return _into_sphere(x, self.center.to(x).expand_as(x), radius)

    def project_to_plane(self, x: Inputs, through: Inputs, normal: Inputs) -> Inputs:
        if self.norm == math.inf:
            return self._box().project_to_plane(x, through, normal)
        # The hyperplane cuts the ball in a smaller ball around the projected centre (Pythagoras).
        center = self.center.to(x).expand_as(x)
        cut = _slide(center, _to_plane(center, through, normal), normal)
        distance = norms(cut - center)
        radius = (self.radius**2 - distance**2).clamp_min(0).sqrt()
        return _into_sphere(_slide(x, _to_plane(x, through, normal), normal), cut, radius)


def _to_plane(x: Inputs, through: Inputs, normal: Inputs) -> Losses:
    squared = inner(normal, normal)
    return inner(x - through, normal) / torch.where(squared > 0, squared, 1.0)


def _slide(x: Inputs, shift: Losses, normal: Inputs) -> Inputs:
    return x - expand_to(shift.to(x.dtype), x) * normal


def _into_sphere(x: Inputs, center: Inputs, radius: Losses) -> Inputs:
    away = x - center
    distance = norms(away)
    # A little less than the radius, so that the rounding of the result does not lead outside again.
    inside = radius * (1 - 8 * torch.finfo(x.dtype).eps)
    shrink = torch.where(distance > radius, inside / distance, 1.0)
    return center + expand_to(shrink.to(x.dtype), x) * away
