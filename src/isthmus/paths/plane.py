"""Plane: the flat piece of input space through three inputs, in coordinates that make them easy to find."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from isthmus._geometry import inner, norms
from isthmus._shapes import Input, Inputs, Parameters
from isthmus.errors import InputError


@dataclass(frozen=True, eq=False)
class Plane:
    """All points origin + u * along + v * aside, where `aside` is orthogonal to `along`.

    Attributes:
        origin: where u = v = 0 (*input).
        along: one step of u (*input).
        aside: one step of v (*input).
    """

    origin: Input
    along: Input
    aside: Input

    @staticmethod
    def through(a: Input, b: Input, c: Input) -> Plane:
        """The plane of three inputs: A at (0, 0), C at (1, 0), and B at v = 1, wherever its u falls.

        Raises:
            InputError: they lie on one line.
        """
        along = (c - a).double()
        length = inner(along[None], along[None])
        share = inner((b - a).double()[None], along[None]) / length
        aside = (b - a).double() - float(share) * along
        plane = Plane(a.double(), along, aside)
        if not float(length) > 0 or not plane.height > 1e-9:
            raise InputError("A plane needs three inputs that do not lie on one line.")
        return plane

    @property
    def height(self) -> float:
        """Length of `aside` over length of `along`."""
        return float(norms(self.aside[None]) / norms(self.along[None]))

    def at(self, u: Parameters, v: Parameters) -> Inputs:
        """Points (n, *input), in float32, at coordinates u, v (n,)."""
        shape = (-1, *(1,) * self.origin.ndim)
        return (self.origin + u.reshape(shape) * self.along + v.reshape(shape) * self.aside).float()

    def coordinates(self, x: Inputs) -> Tensor:
        """Coordinates (n, 2) of the points of the plane that are nearest to some inputs (n, *input)."""
        offset = x.double() - self.origin
        parts = [
            inner(offset, axis.expand_as(offset)) / inner(axis[None], axis[None]) for axis in (self.along, self.aside)
        ]
        return torch.stack(parts, dim=1)
