"""Attribution: how much of the change of an output along a path is due to each number of the input."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import final

from isthmus._core.displayed import Plotted
from isthmus._core.shapes import Input
from isthmus._core.text import amount, upwards
from isthmus.inputs.kinds import InputKind
from isthmus.inputs.kinds.named import Named


@final
@dataclass(frozen=True, eq=False)
class Attribution(Plotted):
    """The integral of the gradient of an output along a path, number by number: a path integral of Sundararajan, Taly
    and Yan, Axiomatic Attribution for Deep Networks (ICML 2017), of which integrated gradients are the straight one.

    Attributes:
        values: what is due to each number (*input), in units of the output, in float64 on the CPU. Their sum is the
            output at the end less the output at the start, but for `completeness_error`.
        start, end: the output at the ends of the path.
        completeness_error: how far the sum is from that difference, in units of the output.
        gradients: how many were evaluated.
        parts: in how many parts the path was integrated: affine pieces, or intervals.
        exact: whether the gradient was constant on each of the parts, so that nothing but rounding is left out.
        error_bound: how far each value is from the integral of the network's gradient at most (*input), in units of the
            output, which is proven; None where it is not.
        subject_to: what that rests on, in words.
        input_kind: what the inputs are, where that is known.
        explained: the input at the end of the path (*input), on the CPU.
    """

    values: Input
    start: float
    end: float
    completeness_error: float
    gradients: int
    parts: int
    exact: bool
    error_bound: Input | None = None
    subject_to: str | None = None
    input_kind: InputKind | None = None
    explained: Input | None = None

    def __repr__(self) -> str:
        kind = "proven" if self.error_bound is not None else "exact" if self.exact else "adaptive"
        return (
            f"Attribution({kind}, {self.start:.4g} -> {self.end:.4g}, completeness error "
            f"{self.completeness_error:.1g}, {amount(self.gradients, 'gradient')}, shape {tuple(self.values.shape)})"
        )

    @property
    def how(self) -> str:
        """How well the values are known, in words."""
        if self.error_bound is not None:
            return f"proven: together off by {upwards(float(self.error_bound.sum()))} at most"
        return "exact, affine piece by piece" if self.exact else f"error of the sum {self.completeness_error:.1g}"

    def named(self) -> list[tuple[str, float]] | None:
        """What is due to each column of a row, or each token of a text, in units of the output; None where the parts of
        an input have no names.
        """
        return None if self._named is None else list(self._named)

    @cached_property
    def _named(self) -> Named | None:
        # Of a text it asks for the nearest of all tokens: figures and displays, which ask several times, wait once.
        if self.input_kind is None or self.explained is None:
            return None
        return self.input_kind.named(self.values, self.explained)

    @property
    def change(self) -> float:
        """The output at the end less that at the start."""
        return self.end - self.start
