"""Ball: all inputs within a distance of one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from isthmus._core.annotated import as_annotated
from isthmus._core.constants import beside
from isthmus._core.geometry import expand_to, norms, share_along, slide
from isthmus._core.given import tensor_of
from isthmus._core.shapes import Input, Inputs, Losses
from isthmus.errors import InputError
from isthmus.landscapes.domains.base import Domain
from isthmus.landscapes.domains.box import Box, check_bound, check_spreads


@as_annotated
@dataclass(frozen=True)
class Ball(Domain):
    """All inputs within `radius` of `center` (*input), in the norm 2 or math.inf."""

    center: Input
    radius: float
    norm: float = 2.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "center", tensor_of("The center of a Ball", self.center))
        check_bound("The center of a Ball", self.center)
        if self.norm not in (2, math.inf):
            raise InputError(f"Ball knows the norms 2 and math.inf, got {self.norm}.")
        if not self.radius >= 0:
            raise InputError(f"Ball needs a radius >= 0, got {self.radius}.")

    def _center(self, x: Inputs) -> Input:
        check_spreads("The center of a Ball is", self.center, x)
        return beside(self.center, x)

    def _box(self) -> Box:
        return Box(self.center - self.radius, self.center + self.radius)

    def excess(self, x: Inputs) -> Losses:
        if self.norm == math.inf:
            return self._box().excess(x)
        return (norms(x - self._center(x)) - self.radius).clamp_min(0).to(x.dtype)

    def project(self, x: Inputs) -> Inputs:
        if self.norm == math.inf:
            return self._box().project(x)
        radius = torch.full((len(x),), self.radius, dtype=torch.float64, device=x.device)
        return _into_sphere(x, self._center(x).expand_as(x), radius)

    def project_to_plane(self, x: Inputs, through: Inputs, normal: Inputs) -> Inputs:
        if self.norm == math.inf:
            return self._box().project_to_plane(x, through, normal)
        # The hyperplane cuts the ball in a smaller ball around the projected centre (Pythagoras).
        center = self._center(x).expand_as(x)
        cut = slide(center, share_along(center - through, normal), normal)
        distance = norms(cut - center)
        radius = (self.radius**2 - distance**2).clamp_min(0).sqrt()
        return _into_sphere(slide(x, share_along(x - through, normal), normal), cut, radius)


def _into_sphere(x: Inputs, center: Inputs, radius: Losses) -> Inputs:
    away = x - center
    distance = norms(away)
    # A little less than the radius, so that the rounding of the result does not lead outside again.
    inside = radius * (1 - 8 * torch.finfo(x.dtype).eps)
    shrink = torch.where(distance > radius, inside / distance, 1.0)
    return center + expand_to(shrink.to(x.dtype), x) * away
