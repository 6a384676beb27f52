"""ByProjection: a domain of which the nearest point is all that is known; hyperplanes come from that alone."""

from __future__ import annotations

from abc import abstractmethod

import torch

from isthmus._core.geometry import inner, share_along, slide
from isthmus._core.shapes import Inputs
from isthmus.landscapes.domains.base import Domain

TRIES = 60  # halvings of a bracket: float64 has no more


class ByProjection(Domain):
    """A domain that says the nearest of its points, in float64."""

    @abstractmethod
    def nearest(self, x: Inputs) -> Inputs:
        """The nearest point of the domain to each input (n, *input), float64."""

    def project(self, x: Inputs) -> Inputs:
        return self.nearest(x.double()).to(x.dtype)

    def project_to_plane(self, x: Inputs, through: Inputs, normal: Inputs) -> Inputs:
        """The nearest point: P(x - shift * normal), P the projection, for the one shift that lands in the hyperplane.
        Its height falls with the shift (the dual is concave), so that a bracket is halved.
        """
        point, through, normal = x.double(), through.double(), normal.double()
        squared = inner(normal, normal)
        shift = share_along(point - through, normal).nan_to_num(0.0)
        moved = self.nearest(slide(point, shift, normal))
        height = inner(moved - through, normal)
        there = height.abs() <= 1e-9 * squared
        if bool(there.all()):
            return moved.to(x.dtype)
        reach = shift.abs() + 1.0
        below, above = shift - reach, shift + reach
        for _ in range(TRIES):  # a bracket: above it is too low, below it too high
            high = inner(self.nearest(slide(point, above, normal)) - through, normal) > 0
            low = inner(self.nearest(slide(point, below, normal)) - through, normal) < 0
            if not bool((high | low).any()):
                break
            reach = 2 * reach
            above, below = torch.where(high, above + reach, above), torch.where(low, below - reach, below)
        for _ in range(TRIES):
            middle = (below + above) / 2
            moved = self.nearest(slide(point, middle, normal))
            height = inner(moved - through, normal)
            if bool((height.abs() <= 1e-9 * squared).all()):
                break
            below = torch.where(height > 0, middle, below)
            above = torch.where(height > 0, above, middle)
        return moved.to(x.dtype)
