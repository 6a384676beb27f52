"""Unbounded: inputs may lie anywhere."""

from __future__ import annotations

from dataclasses import dataclass

from isthmus._core.geometry import share_along, slide
from isthmus._core.shapes import Inputs, Losses
from isthmus.landscapes.domains.base import Domain


@dataclass(frozen=True)
class Unbounded(Domain):
    """No bounds."""

    def excess(self, x: Inputs) -> Losses:
        return x.new_zeros(len(x))

    def project(self, x: Inputs) -> Inputs:
        return x

    def project_to_plane(self, x: Inputs, through: Inputs, normal: Inputs) -> Inputs:
        return slide(x, share_along(x - through, normal), normal)
