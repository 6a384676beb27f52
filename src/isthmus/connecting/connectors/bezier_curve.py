"""BezierCurve: bends a smooth curve until it is low along its whole length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from isthmus._core.annotated import as_annotated
from isthmus._core.geometry import expand_to
from isthmus._core.random import generator as seeded
from isthmus._core.shapes import Chains, Index, Losses, Mask
from isthmus.connecting.connectors.base import Batch, PathConnector, Segments
from isthmus.connecting.connectors.chain import straight, whole
from isthmus.connecting.connectors.stopping import Stopping
from isthmus.descents import Adam, Moments, polyak_step
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.paths import AbstractPath, Bezier
from isthmus.paths.bezier_bundle import bernstein

GOLDEN = 0.6180339887498949  # steps by this share of an interval come near every place soon


@dataclass(frozen=True, eq=False)
class CurveState(Batch):
    """Control points between the ends, the best so far, and the highest loss seen on each of the two curves."""

    control: Chains
    highest: Losses
    best: Chains
    best_loss: Losses
    moments: Moments
    places: Float[Tensor, "n _ _"]
    steps: Index


@as_annotated
@dataclass(frozen=True, kw_only=True)
class BezierCurve(PathConnector[CurveState]):
    """Moves the control points of a Bezier curve between the ends, so that the points seen on it become low.

    A step looks at `points` places along the curve, other ones each time. By default it takes the control points as far
    as would bring the places above the threshold down to the goal, in the mean, were the landscape's even scale
    (log-odds) straight: a Polyak step, as in `BarrierBypass`. With `lr`, and where the landscape knows no even scale,
    Adam lowers the mean loss of the places (curve finding, Garipov et al. 2018, Sec. 3.2).

    Attributes:
        degree: of the curve: one control point less is free.
        points: places looked at by a step; each costs 3 forward-equivalents.
        max_steps: steps at most.
        goal: places above the threshold are meant to come down to this fraction of it. It ends as soon as a step sees
            none; None goes on to `max_steps`.
        relax: how many times as long as a straight line asks for a step is.
        lr: length of Adam's steps in normalised units (data units / std of the channel); None takes steps in log-odds
            where it can, or else 0.01.
        random: whether places are drawn at random, anew for each step, instead of evenly.
    """

    degree: int = 3
    points: int = 6
    max_steps: int = 32
    goal: float | None = 0.2
    relax: float = 2.0
    lr: float | None = None
    random: bool = False

    def __post_init__(self) -> None:
        if self.degree < 2 or self.points < 1:
            raise InputError(f"BezierCurve needs degree >= 2 and points >= 1, got {self.degree} and {self.points}.")
        if not self.relax > 0 or not (self.lr is None or self.lr > 0):
            raise InputError(f"BezierCurve needs relax > 0 and lr > 0, got {self.relax} and {self.lr}.")
        Stopping(max_steps=self.max_steps, goal=self.goal)  # validates these two

    @classmethod
    def moco_ea(cls) -> BezierCurve:
        """The setting of MoCo-EA (ICML 2026): a quadratic curve, 30 steps of Adam at 0.01, 20 random places a step."""
        return cls(degree=2, lr=0.01, max_steps=30, points=20, random=True, goal=None)

    @property
    def max_rounds(self) -> int:
        return 1

    @property
    def stopping(self) -> Stopping:
        """The rule by which it ends at the latest."""
        return Stopping(max_steps=self.max_steps, goal=self.goal)

    def init(self, landscape: AbstractLandscape, segments: Segments, generator: torch.Generator) -> CurveState:
        control = straight(segments, self.degree - 1)
        unknown = torch.full_like(segments.threshold, torch.inf)
        places = self._places(generator).to(segments.threshold)
        return CurveState(
            control=control,
            highest=unknown,
            best=control,
            best_loss=unknown,
            moments=Moments.like(control),
            places=places.expand(len(control), *places.shape),
            steps=torch.zeros_like(segments.target),
        )

    def _places(self, generator: torch.Generator) -> Float[Tensor, "_ _"]:
        """Values of the curve's parameter for every step: the same for every pair, whatever is beside it."""
        if self.random:
            again = seeded(generator.initial_seed())
            return torch.rand((self.max_steps, self.points), generator=again, dtype=torch.float64)
        first = (0.5 + GOLDEN * torch.arange(self.max_steps, dtype=torch.float64)) % 1
        return (first[:, None] + torch.arange(self.points)) / self.points

    def step(self, landscape: AbstractLandscape, segments: Segments, state: CurveState) -> CurveState:
        u = state.places[torch.arange(len(state.steps), device=state.steps.device), state.steps]
        weights = bernstein(self.degree, u.flatten()).to(state.control).reshape(*u.shape, self.degree + 1)
        points = torch.einsum("npk,nk...->np...", weights, whole(segments, state.control))
        flat, target = points.flatten(0, 1), segments.target.repeat_interleave(self.points)
        loss, gradient = landscape.gradient(landscape.domain.project(flat), target, validated=True)
        losses = loss.double().reshape(points.shape[:2])
        highest = losses.amax(1)
        better = highest < state.best_loss
        scale = landscape.scale(flat)
        slopes, far = self._slopes(landscape, segments, losses, (gradient * scale).reshape(points.shape))
        downhill = torch.einsum("npk,np...->nk...", weights[..., 1:-1], slopes) / self.points
        moments, steps = state.moments, state.steps + 1
        if far is None:
            update, moments = Adam().direction(downhill, moments, steps)
            step = (0.01 if self.lr is None else self.lr) * update
        else:
            step = polyak_step(downhill, self.relax * far)
        moved = landscape.domain.project((state.control - scale * step).flatten(0, 1))
        return replace(
            state,
            control=moved.reshape(state.control.shape),
            highest=highest,
            best=torch.where(expand_to(better, state.control), state.control, state.best),
            best_loss=torch.where(better, highest, state.best_loss),
            moments=moments,
            steps=steps,
        )

    def _slopes(
        self, landscape: AbstractLandscape, segments: Segments, losses: Tensor, gradients: Tensor
    ) -> tuple[Tensor, Losses | None]:
        """Slopes (n, points, *input) of what is to be lowered, and how far it is in the mean (n,), where known."""
        aim = self.stopping.aim(segments.threshold, segments.peak_loss)
        there = landscape.on_even_scale(aim) if self.lr is None and self.goal is not None else None
        here = None if there is None else landscape.on_even_scale(losses.flatten())
        if here is None or there is None:
            return gradients, None
        high = losses > segments.threshold[:, None]
        above = torch.where(high, here.value.reshape(losses.shape) - there.value[:, None], 0.0)
        steep = torch.where(high, here.slope.reshape(losses.shape), 0.0)
        return expand_to(steep.to(gradients), gradients) * gradients, above.mean(1)

    def terminate(self, segments: Segments, state: CurveState) -> Mask:
        low = (state.highest <= segments.threshold) & (self.goal is not None)
        return low | self.stopping.given_up(state.highest, state.steps)

    def paths(self, segments: Segments, state: CurveState) -> Sequence[AbstractPath]:
        control = state.control if self.goal is None else state.best
        return [Bezier(points) for points in whole(segments, control)]
