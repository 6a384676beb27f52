"""Somebody else's path and method: arcs of circles that bulge until they are low."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import torch

import isthmus
from isthmus.descents import Batch


@dataclass(frozen=True, eq=False)
class Arc(isthmus.AbstractPath):
    """From start to end on a circle, through `top`, which lies above their middle."""

    kind: ClassVar[str] = "arc"

    start: torch.Tensor
    top: torch.Tensor
    end: torch.Tensor

    def _circle(self):
        middle = (self.start.double() + self.end.double()) / 2
        half = (self.end.double() - self.start.double()) / 2
        up = self.top.double() - middle
        up = up - (up * half).sum() / (half * half).sum() * half
        width, height = float(half.norm()), float(up.norm())
        return middle, half / width, up / max(height, 1e-300), width, height

    @property
    def length(self):
        _, _, _, width, height = self._circle()
        return 2 * width if height < 1e-9 * width else self._angle() * self._radius() * 2

    def _radius(self):
        _, _, _, width, height = self._circle()
        return (width**2 + height**2) / (2 * height)

    def _angle(self):
        _, _, _, width, height = self._circle()
        return math.atan2(width, self._radius() - height)

    def at(self, t):
        if not (isinstance(t, torch.Tensor) and t.ndim):
            return self.at(torch.tensor([float(t)], dtype=torch.float64))[0]
        if bool((~((t >= 0) & (t <= 1))).any()):
            raise isthmus.errors.InputError(f"t must lie in [0, 1], got {t.tolist()}.")
        middle, along, up, width, height = self._circle()
        column = t.double().reshape(-1, *(1,) * along.ndim)
        if height < 1e-9 * width:
            points = middle + (2 * column - 1) * width * along
        else:
            radius, angle = self._radius(), self._angle() * (2 * column - 1)
            points = middle + (height - radius) * up + radius * (angle.sin() * along + angle.cos() * up)
        points = points.to(self.start)
        points[t == 0], points[t == 1] = self.start, self.end
        return points

    def tensors(self):
        return {"points": torch.stack([self.start, self.top, self.end])}

    @classmethod
    def of_tensors(cls, tensors):
        return cls(*tensors["points"])


isthmus.registries.PATHS.register("arc", Arc)  # so that files with such paths can be read


EVEN = torch.linspace(0, 1, 33, dtype=torch.float64)


@dataclass(frozen=True, eq=False)
class Bulging(Batch):
    top: torch.Tensor
    slope: torch.Tensor
    loss: torch.Tensor
    steps: torch.Tensor
    inside: torch.Tensor  # the highest top seen whose whole arc lies in the domain


@dataclass(frozen=True, kw_only=True)
class Arcs(isthmus.PathConnector):
    """Moves the top of an arc downhill, at right angles to the direct path."""

    step_length: float = 0.1
    max_steps: int = 60

    @property
    def max_rounds(self):
        return 1

    def init(self, landscape, segments, generator):
        unknown = torch.full_like(segments.threshold, torch.inf)
        middle = (segments.start + segments.end) / 2
        return Bulging(middle, segments.peak * 0, unknown, segments.target * 0, middle)

    def step(self, landscape, segments, state):
        loss, gradient = landscape.gradient(state.top, segments.target, validated=True)
        across, size = segments.direction.flatten(1), (-1, *(1,) * (gradient.ndim - 1))
        share = (gradient.flatten(1) * across).sum(1) / (across * across).sum(1)
        gradient = gradient - share.reshape(size) * segments.direction
        length = gradient.flatten(1).norm(dim=1).clamp_min(1e-12).reshape(size)
        moved = landscape.domain.project_to_plane(
            state.top - self.step_length * gradient / length,
            landscape.domain.project((segments.start + segments.end) / 2),
            segments.direction,
        )
        low = (loss <= segments.threshold).reshape(size)
        inside = torch.stack(
            [
                top if bool(landscape.domain.contains(Arc(a, top, c).at(EVEN)).all()) else before
                for a, top, c, before in zip(segments.start, state.top, segments.end, state.inside, strict=True)
            ]
        )
        return Bulging(torch.where(low, state.top, moved), gradient, loss, state.steps + 1, inside)

    def terminate(self, segments, state):
        return (state.loss <= 0.5 * segments.threshold) | (state.steps >= self.max_steps)

    def paths(self, segments, state):
        return [Arc(a, top, c) for a, top, c in zip(segments.start, state.inside, segments.end, strict=True)]
