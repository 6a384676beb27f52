"""BarrierBypass: moves the peak of a segment sideways to low loss (Vrabel et al. 2025, Sec. 3.2)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

import torch

from isthmus._core.annotated import as_annotated
from isthmus._core.geometry import expand_to, norms, without
from isthmus._core.shapes import Index, Inputs, Logits, Losses, Mask, SegmentVertices
from isthmus.connecting.connectors.base import Batch, Connector, Segments
from isthmus.connecting.connectors.stopping import Stopping
from isthmus.descents import Adam, Moments, ahead, polyak_step
from isthmus.descents.penalties import penalty_gradient
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape, Evaluation
from isthmus.landscapes.domains import Domain, Unbounded
from isthmus.profiles import Sampling

ADAM = 0.01  # length of Adam's steps, where nothing else was asked for


class Hyperplane(Enum):
    """How the moved peak is held in the hyperplane through B orthogonal to the segment."""

    EXACT = "every iterate is projected onto hyperplane and domain together"
    GRADIENT = "the gradient is projected; the optimiser then leaves the hyperplane (the published code)"
    NONE = "the peak moves freely"

    def __repr__(self) -> str:
        return f"Hyperplane.{self.name}"


@dataclass(frozen=True, eq=False)
class BypassState(Batch):
    """Rows of one bypass each. `best` is the lowest point evaluated so far; `x` is where the next gradient is taken.

    Logits are NaN where only a gradient was asked for.
    """

    x: Inputs
    loss: Losses
    best: Inputs
    best_loss: Losses
    best_logits: Logits
    moments: Moments
    steps: Index
    scale: Inputs
    normal: Inputs


@as_annotated
@dataclass(frozen=True, kw_only=True)
class BarrierBypass(Connector[BypassState]):
    """Moves the peak B of a segment to low loss, in the hyperplane through B orthogonal to the segment and inside the
    domain, and stops as soon as the loss is low enough.

    By default each step is as long as it takes to reach the goal, were the loss straight on its even scale (log-odds):
    x <- x - relax * (m_goal - m) * grad m / |grad m|^2, projected, where m is the target's log-odds and
    grad m = -grad L / (1 - exp(-L)) (a Polyak step). So one length serves networks whose slopes differ a hundredfold.

    With `lr`, and where the landscape knows no even scale, it minimises L(x) + mse * mean((x - B)^2) + tv * TV(x - B)
    by Adam (Kingma and Ba 2015), as the paper does. x - B is measured in normalised units (data units / std of the
    channel), as in the paper. The hyperplane is orthogonal in data units.

    Attributes:
        rounds: rounds of bypasses; each bypasses every segment that is still above the threshold.
        max_steps: steps that a bypass may take in a round.
        goal: a bypass ends as soon as its loss is at or below this fraction of the threshold.
        relax: how many times as long as a straight line asks for a step is: more than 1, because networks bend.
        shortest: no step is shorter than this share of the segment: so little deviation is cheaper than another round.
        longest: no step is longer than this in normalised units, as the root of its mean square.
        lr: length of Adam's steps in normalised units; None takes steps in log-odds where it can, or else 0.01.
        mse, tv: weights of Adam's two penalties. TV acts on inputs with two spatial axes.
        hyperplane: how the hyperplane is kept.
        bounded: whether iterates are kept in the landscape's domain.
        normalised: whether the hyperplane is orthogonal in normalised units instead of data units.
        always: whether the peak is bypassed even where the direct path is connected already.
        scan: evenly spaced points at which paths are looked at; None samples adaptively.
    """

    rounds: int = 4
    max_steps: int = 64
    goal: float | None = 0.2
    relax: float = 2.5
    shortest: float = 0.006
    longest: float = 0.1
    lr: float | None = None
    mse: float = 0.1
    tv: float = 1e-8
    hyperplane: Hyperplane = Hyperplane.EXACT
    bounded: bool = True
    normalised: bool = False
    always: bool = False
    scan: int | None = None

    def __post_init__(self) -> None:
        if self.rounds < 0 or not (self.lr is None or self.lr > 0) or not self.mse >= 0 or not self.tv >= 0:
            raise InputError(
                f"BarrierBypass needs rounds >= 0, lr > 0, mse >= 0 and tv >= 0, got {self.rounds}, {self.lr}, "
                f"{self.mse} and {self.tv}."
            )
        if not self.relax > 0 or not self.shortest >= 0 or not self.longest > 0:
            raise InputError(
                f"BarrierBypass needs relax > 0, shortest >= 0 and longest > 0, got {self.relax}, {self.shortest} and "
                f"{self.longest}."
            )
        if not isinstance(self.hyperplane, Hyperplane):
            raise InputError(f"hyperplane must be a member of isthmus.Hyperplane, got {self.hyperplane!r}.")
        Stopping(max_steps=self.max_steps, goal=self.goal)  # validates these two

    @classmethod
    def paper(cls) -> BarrierBypass:
        """The published procedure: one bypass of 1024 steps in normalised space that never stops early, projects the
        gradient instead of the update, ignores the bounds, and scans every path at 1000 evenly spaced points: about
        5072 forward-equivalents a pair.
        """
        return cls(
            rounds=1,
            max_steps=1024,
            lr=0.005,
            goal=None,
            hyperplane=Hyperplane.GRADIENT,
            bounded=False,
            normalised=True,
            always=True,
            scan=1000,
        )

    @property
    def max_rounds(self) -> int:
        return self.rounds

    @property
    def unconditional(self) -> bool:
        return self.always

    @property
    def sampling(self) -> Sampling | None:
        return None if self.scan is None else Sampling.even(self.scan)

    @property
    def stopping(self) -> Stopping:
        """The rule by which a bypass ends."""
        return Stopping(max_steps=self.max_steps, goal=self.goal)

    def init(self, landscape: AbstractLandscape, segments: Segments, generator: torch.Generator) -> BypassState:
        peak = segments.peak
        scale = landscape.scale(peak).expand_as(peak)
        normal = segments.direction
        if self.normalised:
            normal = normal / scale**2  # <u, d/s> in normalised units is <x, d/s^2> in data units
        # Among moves that the domain allows, those orthogonal to the part of it that the domain allows are the same.
        normal = landscape.domain.free(normal) if self.bounded else normal
        unknown = torch.full_like(segments.threshold, torch.inf)
        return BypassState(
            x=peak,
            loss=unknown,
            best=peak,
            best_loss=unknown,
            best_logits=peak.new_full((len(peak), landscape.classes or 0), torch.nan),
            moments=Moments.like(peak),
            steps=torch.zeros_like(segments.target),
            scale=scale,
            normal=normal,
        )

    def step(self, landscape: AbstractLandscape, segments: Segments, state: BypassState) -> BypassState:
        aim = self.stopping.aim(segments.threshold, segments.peak_loss)
        there = landscape.on_even_scale(aim) if self.lr is None and self.goal is not None else None
        return (
            self._adam(landscape, segments, state) if there is None else self._toward(landscape, segments, state, aim)
        )

    def _toward(self, landscape: AbstractLandscape, segments: Segments, state: BypassState, aim: Losses) -> BypassState:
        """A step in log-odds from x, and a look at where it leads: dear gradients are for points that are too high."""
        loss, gradient = landscape.gradient(state.x, segments.target, validated=True)
        gradient = gradient * state.scale
        if self.hyperplane is not Hyperplane.NONE:
            gradient = without(gradient, state.normal * state.scale)
        step = polyak_step(gradient, ahead(landscape, loss, aim, self.relax))
        length, root = norms(step), step[0].numel() ** 0.5
        least = self.shortest * norms(segments.direction / state.scale)
        wanted = torch.maximum(length, least).clamp_max(self.longest * root)
        step = step * expand_to(torch.where(length > 0, wanted / length, 0.0).to(step.dtype), step)
        moved = self._allowed(landscape, segments, state, state.x - state.scale * step)
        after = landscape.evaluate(moved, segments.target, validated=True)
        state = _kept(_kept(state, state.x, loss, None), moved, after.loss, after.logits)
        # Where there is no slope there is no way: more steps would cost the same again and lead nowhere.
        steps = torch.where(length > 0, state.steps + 1, self.max_steps)
        return replace(state, x=moved, loss=after.loss, steps=steps)

    def _adam(self, landscape: AbstractLandscape, segments: Segments, state: BypassState) -> BypassState:
        """A step of Adam; where it leads is looked at by the next."""
        loss, gradient = landscape.gradient(state.x, segments.target, validated=True)
        # One normalised unit is `scale` data units, and so is the step: Adam sees the normalised problem.
        gradient = gradient * state.scale + penalty_gradient((state.x - segments.peak) / state.scale, self.mse, self.tv)
        if self.hyperplane is Hyperplane.GRADIENT:
            gradient = without(gradient, state.normal * state.scale)
        steps = state.steps + 1
        update, moments = Adam().direction(gradient, state.moments, steps)
        moved = state.x - (ADAM if self.lr is None else self.lr) * state.scale * update
        moved = self._allowed(landscape, segments, state, moved)
        return replace(_kept(state, state.x, loss, None), x=moved, loss=loss, moments=moments, steps=steps)

    def _allowed(self, landscape: AbstractLandscape, segments: Segments, state: BypassState, x: Inputs) -> Inputs:
        domain: Domain = landscape.domain if self.bounded else Unbounded()
        if self.hyperplane is Hyperplane.EXACT:
            return domain.project_to_plane(x, segments.peak, state.normal)
        return domain.project(x)

    def terminate(self, segments: Segments, state: BypassState) -> Mask:
        return self.stopping.done(state.loss, segments.threshold, segments.peak_loss, state.steps)

    def vertices(self, segments: Segments, state: BypassState) -> SegmentVertices:
        # Without a goal the published procedure is followed to its end, and returns where it ended.
        return (state.x if self.goal is None else state.best)[:, None]

    def looked_at(self, segments: Segments, state: BypassState) -> Evaluation | None:
        return None if self.goal is None else Evaluation(state.best_loss[:, None], state.best_logits[:, None])


def _kept(state: BypassState, x: Inputs, loss: Losses, logits: Logits | None) -> BypassState:
    """The state with the lower of its best points and x, row by row."""
    better = loss < state.best_loss
    unknown = torch.full_like(state.best_logits, torch.nan)
    return replace(
        state,
        best=torch.where(expand_to(better, x), x, state.best),
        best_loss=torch.where(better, loss, state.best_loss),
        best_logits=torch.where(better[:, None], unknown if logits is None else logits, state.best_logits),
    )
