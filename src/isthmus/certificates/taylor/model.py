"""Model: a tensor of functions of s, for intervals of a path, that a network takes for a batch of inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from isthmus._core.shapes import Coefficients, Radii
from isthmus.certificates.following import Followed
from isthmus.certificates.taylor.balls import Ball, norms
from isthmus.certificates.taylor.enclosure import Enclosure
from isthmus.certificates.taylor.rounding import magnitude
from isthmus.certificates.taylor.weights import Pass


Args = Sequence[Any]
Named = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class Weighed:
    """The layer that a model came from, for who takes differences of its outputs.

    Attributes:
        weight: (outputs, inputs).
        inputs: what it was applied to.
    """

    weight: Tensor
    inputs: Model


class Model(Followed):
    """Functions z(s) = sum_k a_k s^k + e(s), s in [-1, 1], one row an interval. As a tensor: (n, *rest) in float64.

    Attributes:
        coefficients: a (order + 1, n, *rest).
        radius: what |e| does not exceed, number by number (n, *rest).
        ball: what groups of e do not exceed in the 2-norm; None where that says nothing more.
        source: the layer it came from, if it came straight from one.
    """

    run: Pass
    coefficients: Coefficients
    radius: Radii
    ball: Ball | None
    source: Weighed | None

    @staticmethod
    def __new__(
        cls,
        coefficients: Tensor,
        radius: Tensor,
        run: Pass,
        ball: Ball | None = None,
        source: Weighed | None = None,
    ) -> Model:
        made: Model = cls.wrapping(radius.shape, radius.dtype, radius.device, run)
        if ball is not None:
            radius = torch.minimum(radius, ball.of_each)
        made.coefficients, made.radius, made.ball, made.source = coefficients, radius, ball, source
        return made

    def __repr__(self) -> str:  # type: ignore[override]
        return f"Model(order {len(self.coefficients) - 1}, shape {tuple(self.shape)})"

    @property
    def order(self) -> int:
        """Highest power."""
        return len(self.coefficients) - 1

    @property
    def polynomial(self) -> Enclosure:
        """The polynomials alone."""
        return Enclosure(self.coefficients, torch.zeros_like(self.radius))

    @property
    def enclosure(self) -> Enclosure:
        """The polynomials, each with its radius."""
        return Enclosure(self.coefficients, self.radius)

    def norms(self, axis: int) -> Tensor:
        """2-norms of the remainders along an axis, of length 1 in the result."""
        return norms(self.radius, self.ball, axis)

    def made(
        self,
        result: Enclosure,
        *,
        ball: Ball | None = None,
        radius: Tensor | None = None,
        source: Weighed | None = None,
    ) -> Model:
        """Another model of the same run."""
        return Model(result.coefficients, result.radius if radius is None else radius, self.run, ball, source)

    def rearranged(self, function: Callable[[Tensor], Tensor], *, repeats: bool = False) -> Model:
        """After something that moves numbers, leaves some out, or repeats some."""
        coefficients = torch.stack([function(each) for each in self.coefficients])
        kept = None if self.ball is None or repeats else self.ball.rearranged(function)
        return Model(coefficients, function(self.radius), self.run, kept)

    def in_type(self, dtype: torch.dtype) -> Model:
        """There is no other precision than float64."""
        return self

    def become(self, other: Model) -> Model:
        """Takes what another is, as in-place operators do."""
        self.coefficients, self.radius, self.ball, self.source = (
            other.coefficients, other.radius, other.ball, other.source
        )  # fmt: skip
        self.outdate()
        return self

    @cached_property
    def magnitudes(self) -> Tensor:
        """Sum of magnitudes of the coefficients."""
        return magnitude(self.coefficients)
