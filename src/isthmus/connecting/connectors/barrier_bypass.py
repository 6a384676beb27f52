"""BarrierBypass: moves the peak of a segment sideways to low loss (Vrabel et al. 2025, Sec. 3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import torch

from isthmus._core.geometry import expand_to, without
from isthmus._core.shapes import Index, Inputs, Losses, Mask, SegmentVertices
from isthmus.connecting.connectors.base import Batch, Connector, Segments
from isthmus.connecting.connectors.stopping import Stopping
from isthmus.descents import Adam, Moments
from isthmus.descents.penalties import penalty_gradient
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.landscapes.domains import Domain, Unbounded
from isthmus.profiles import Sampling


class Hyperplane(Enum):
    """How the moved peak is held in the hyperplane through B orthogonal to the segment."""

    EXACT = "every iterate is projected onto hyperplane and domain together"
    GRADIENT = "the gradient is projected; the optimiser then leaves the hyperplane (the published code)"
    NONE = "the peak moves freely"

    def __repr__(self) -> str:
        return f"Hyperplane.{self.name}"


@dataclass(frozen=True, eq=False)
class BypassState(Batch):
    """Rows of one bypass each. `best` is the lowest point evaluated so far; `x` is the next to be evaluated."""

    x: Inputs
    loss: Losses
    best: Inputs
    best_loss: Losses
    moments: Moments
    steps: Index
    scale: Inputs
    normal: Inputs


@dataclass(frozen=True, kw_only=True)
class BarrierBypass(Connector[BypassState]):
    """Minimises L(x) + mse * mean((x - B)^2) + tv * TV(x - B) from the peak B, in the hyperplane through B orthogonal
    to the segment and inside the domain, with Adam (Kingma and Ba 2015), and stops as soon as the loss is low enough.

    x - B is measured in normalised units (data units / std of the channel), as in the paper. The hyperplane is
    orthogonal in data units.

    Attributes:
        rounds: rounds of bypasses; each bypasses every segment that is still above the threshold.
        max_steps: Adam steps a bypass may take in a round.
        goal: a bypass ends as soon as its loss is at or below this fraction of the threshold.
        lr: step length in normalised units.
        mse, tv: weights of the two penalties. TV acts on inputs with two spatial axes.
        hyperplane: how the hyperplane is kept.
        bounded: whether iterates are kept in the landscape's domain.
        normalised: whether the hyperplane is orthogonal in normalised units instead of data units.
        always: whether the peak is bypassed even where the direct path is connected already.
        scan: evenly spaced points at which paths are looked at; None samples adaptively.
    """

    rounds: int = 4
    max_steps: int = 64
    goal: float | None = 0.2
    lr: float = 0.01
    mse: float = 0.1
    tv: float = 1e-8
    hyperplane: Hyperplane = Hyperplane.EXACT
    bounded: bool = True
    normalised: bool = False
    always: bool = False
    scan: int | None = None

    def __post_init__(self) -> None:
        if self.rounds < 0 or not self.lr > 0 or not self.mse >= 0 or not self.tv >= 0:
            raise InputError(
                f"BarrierBypass needs rounds >= 0, lr > 0, mse >= 0 and tv >= 0, got {self.rounds}, {self.lr}, "
                f"{self.mse} and {self.tv}."
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
        unknown = torch.full_like(segments.threshold, torch.inf)
        return BypassState(
            x=peak,
            loss=unknown,
            best=peak,
            best_loss=unknown,
            moments=Moments.like(peak),
            steps=torch.zeros_like(segments.target),
            scale=scale,
            normal=normal,
        )

    def step(self, landscape: AbstractLandscape, segments: Segments, state: BypassState) -> BypassState:
        loss, gradient = landscape.gradient(state.x, segments.target, validated=True)
        better = loss < state.best_loss
        # One normalised unit is `scale` data units, and so is the step: Adam sees the normalised problem.
        gradient = gradient * state.scale + penalty_gradient((state.x - segments.peak) / state.scale, self.mse, self.tv)
        if self.hyperplane is Hyperplane.GRADIENT:
            gradient = without(gradient, state.normal * state.scale)
        steps = state.steps + 1
        update, moments = Adam().direction(gradient, state.moments, steps)
        moved = state.x - self.lr * state.scale * update
        domain: Domain = landscape.domain if self.bounded else Unbounded()
        if self.hyperplane is Hyperplane.EXACT:
            moved = domain.project_to_plane(moved, segments.peak, state.normal)
        else:
            moved = domain.project(moved)
        return BypassState(
            x=moved,
            loss=loss,
            best=torch.where(expand_to(better, moved), state.x, state.best),
            best_loss=torch.where(better, loss, state.best_loss),
            moments=moments,
            steps=steps,
            scale=state.scale,
            normal=state.normal,
        )

    def terminate(self, segments: Segments, state: BypassState) -> Mask:
        return self.stopping.done(state.loss, segments.threshold, segments.peak_loss, state.steps)

    def vertices(self, segments: Segments, state: BypassState) -> SegmentVertices:
        # Without a goal the published procedure is followed to its end, and returns where it ended.
        return (state.x if self.goal is None else state.best)[:, None]
