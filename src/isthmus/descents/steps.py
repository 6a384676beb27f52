"""Step rules: from a gradient to a direction, row by row."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch

from isthmus._core.geometry import expand_to, inner, unit
from isthmus._core.shapes import Index, Inputs, Losses
from isthmus.descents.batch import Batch
from isthmus.landscapes import AbstractLandscape


@dataclass(frozen=True, eq=False)
class Moments(Batch):
    """What a rule remembers of earlier steps: running means of the gradient and of its square (n, *input)."""

    first: Inputs
    second: Inputs

    @staticmethod
    def like(x: Inputs) -> Moments:
        """Before the first step."""
        return Moments(torch.zeros_like(x), torch.zeros_like(x))


class StepRule(ABC):
    """From a gradient to the direction of a step. Subclasses are frozen dataclasses."""

    @abstractmethod
    def direction(self, gradient: Inputs, moments: Moments, steps: Index) -> tuple[Inputs, Moments]:
        """The direction uphill (n, *input), about as long as one step is to be, and what is remembered.

        Args:
            gradient: of this step (n, *input).
            moments: after the step before.
            steps: number of this step, from 1 (n,).
        """


@dataclass(frozen=True)
class Adam(StepRule):
    """Kingma and Ba 2015, Algorithm 1."""

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def direction(self, gradient: Inputs, moments: Moments, steps: Index) -> tuple[Inputs, Moments]:
        first = moments.first.lerp(gradient, 1 - self.beta1)
        second = moments.second.lerp(gradient**2, 1 - self.beta2)
        number = expand_to(steps, gradient)
        mean = first / (1 - self.beta1**number)
        return mean / ((second / (1 - self.beta2**number)).sqrt() + self.epsilon), Moments(first, second)


@dataclass(frozen=True)
class SignStep(StepRule):
    """The sign of every coordinate: the steepest direction where the largest change of a coordinate counts (Linf)."""

    def direction(self, gradient: Inputs, moments: Moments, steps: Index) -> tuple[Inputs, Moments]:
        return gradient.sign(), moments


@dataclass(frozen=True)
class UnitStep(StepRule):
    """The gradient at length one: the steepest direction where Euclidean length counts (L2)."""

    def direction(self, gradient: Inputs, moments: Moments, steps: Index) -> tuple[Inputs, Moments]:
        return unit(gradient), moments


def polyak_step(gradient: Inputs, ahead: Losses) -> Inputs:
    """The shortest step that lowers a function by `ahead` (n,), were it as straight as its gradient says: ahead * g /
    |g|^2 (Polyak 1969: the step for which one need not know how steep it is, only how far down). Zero where the
    gradient is.
    """
    squared = inner(gradient, gradient)
    share = torch.where(squared > 0, ahead / squared, 0.0)
    return expand_to(share.to(gradient.dtype), gradient) * gradient


def ahead(landscape: AbstractLandscape, loss: Losses, aim: Losses, relax: float = 1.0) -> Losses:
    """How far down it is from losses to aims (n,), for `polyak_step`: straight down the landscape's even scale where it
    knows one, `relax` times as far as a straight line asks for, and 0 where the aim is reached.

    On the even scale the gradient is `slope` times that of the loss, and its square is in the step's denominator.
    """
    here, there = landscape.on_even_scale(loss), landscape.on_even_scale(aim)
    if here is None or there is None:
        return relax * (loss.double() - aim).clamp_min(0)
    return relax * (here.value - there.value).clamp_min(0) / here.slope
