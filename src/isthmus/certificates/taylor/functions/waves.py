"""Sine, and the cosine as a sine that is moved."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from isthmus.certificates.taylor.functions.base import Series, Smooth, doubtful
from isthmus.certificates.taylor.rounding import LIBRARY


@final
@dataclass(frozen=True)
class Sine(Smooth):
    """The derivative of sin of some number: sin itself for 0, cos for 1."""

    derivative: int = 0

    def series(self, at: Tensor, last: int) -> Series:
        values = (at.sin(), at.cos(), -at.sin(), -at.cos())
        terms = [values[(number + self.derivative) % 4] / math.factorial(number) for number in range(last + 1)]
        stacked = torch.stack(terms)
        ones = torch.stack([torch.full_like(at, 1 / math.factorial(number)) for number in range(last + 1)])
        return Series(stacked, doubtful(ones, LIBRARY + 1))

    def tail(self, low: Tensor, high: Tensor, order: int) -> Tensor:
        return torch.full_like(low, 1.0001 / math.factorial(order))
