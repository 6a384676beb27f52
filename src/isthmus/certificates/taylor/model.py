"""Model: a tensor of functions of s, for parts of a path or a surface, that a network takes for a batch of inputs."""

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


@dataclass(frozen=True, eq=False)
class Folded:
    """Remainders that are numbers times those of a ball: a layer may take the numbers into its weights.

    Attributes:
        scale: the numbers (inputs,).
        reach: 2-norm of what they multiply (n, ..., 1).
        rest: 2-norm of what was added since (n, ..., 1).
    """

    scale: Tensor
    reach: Tensor
    rest: Tensor


@dataclass(frozen=True, eq=False)
class Scores:
    """What scores of attention are made of: scale times query (b, n, d) times key (b, d, m).

    Attributes:
        query, key: as they were multiplied.
        local: how far they, or the shares, would be from their polynomials if queries and keys were their own: what was
            cut off and rounded on the way (b, n, m).
        scale: number that the product was multiplied by since.
        shares: whether softmax was taken along the last axis.
    """

    query: Model
    key: Model
    local: Tensor
    scale: float = 1.0
    shares: bool = False


class Model(Followed):
    """Functions z(s) = sum_k a_k m_k(s) + e(s), one row an interval, or a cell of a surface, where s has two variables.
    As a tensor: (n, *rest) in float64.

    Attributes:
        coefficients: a (count, n, *rest), by rising degree of the monomials m_k.
        radius: what |e| does not exceed, number by number (n, *rest).
        ball: what groups of e do not exceed in the 2-norm; None where that says nothing more.
        source: the layer it came from, if it came straight from one.
        scores: what it came from, if it is scores or shares of attention.
        folded: the numbers that it was just multiplied by, such as weights of a norm.
    """

    run: Pass
    coefficients: Coefficients
    radius: Radii
    ball: Ball | None
    source: Weighed | None
    scores: Scores | None
    folded: Folded | None

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
        made.coefficients, made.radius, made.ball = coefficients, radius, ball
        made.source, made.scores, made.folded = source, None, None
        return made

    def __repr__(self) -> str:  # type: ignore[override]
        return f"Model(order {self.enclosure.order}, shape {tuple(self.shape)})"

    @property
    def polynomial(self) -> Enclosure:
        """The polynomials alone."""
        return self.enclosure.polynomial

    @property
    def enclosure(self) -> Enclosure:
        """The polynomials, each with its radius."""
        return Enclosure(self.coefficients, self.radius, self.run.variables)

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

    def with_scores(self, scores: Scores | None) -> Model:
        """The same, known to be scores or shares of attention; of those just made only."""
        self.scores = scores
        return self

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
        self.coefficients, self.radius, self.ball = other.coefficients, other.radius, other.ball
        self.source, self.scores, self.folded = other.source, other.scores, other.folded
        self.__dict__.pop("magnitudes", None)
        self.outdate()
        return self

    @cached_property
    def magnitudes(self) -> Tensor:
        """Sum of magnitudes of the coefficients."""
        return magnitude(self.coefficients)
