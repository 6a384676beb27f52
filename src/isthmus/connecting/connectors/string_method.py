"""StringMethod: images move downhill and are spaced out again, until the highest of them falls no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from isthmus._core.annotated import as_annotated
from isthmus._core.geometry import expand_to
from isthmus._core.shapes import Mask
from isthmus.connecting.connectors.base import PathConnector, Segments
from isthmus.connecting.connectors.chain import ChainState, judged, respaced, settled, whole
from isthmus.connecting.connectors.stopping import Stopping
from isthmus.descents import ahead, polyak_step
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.paths import AbstractPath, Polyline


@as_annotated
@dataclass(frozen=True, kw_only=True)
class StringMethod(PathConnector[ChainState]):
    """The simplified string method (E, Ren and Vanden-Eijnden 2007): each step moves every image down the gradient, and
    then all of them along the string until they are evenly spaced. At rest the string is a path of least loss, whose
    highest point is a saddle.

    By default only images above the threshold move, by as much as would bring them to the goal on the landscape's even
    scale (a Polyak step), and it ends as soon as there are none: a flat valley need not be followed to its floor. With
    `lr`, and where the landscape knows no even scale, all images move by lr * gradient, until the highest loss has come
    to rest, or to the goal.

    Attributes:
        images: between the ends; a step costs 3 forward-equivalents for each.
        max_steps: steps at most.
        goal: where images above the threshold are meant to go: to this fraction of it.
        relax: how many times as long as a straight line asks for a step in log-odds is.
        lr: length of a step, per unit of gradient in normalised units; None moves in log-odds where it can, or by 0.01.
        tolerance, patience: at rest is a string whose highest loss did not fall by this share within so many steps.
    """

    images: int = 7
    max_steps: int = 200
    goal: float = 0.2
    relax: float = 2.0
    lr: float | None = None
    tolerance: float = 1e-4
    patience: int = 20

    def __post_init__(self) -> None:
        if self.images < 1 or self.patience < 1 or not self.tolerance >= 0:
            raise InputError(
                f"{type(self).__name__} needs images >= 1, patience >= 1 and tolerance >= 0, got {self.images}, "
                f"{self.patience} and {self.tolerance}."
            )
        if not self.relax > 0 or not (self.lr is None or self.lr > 0):
            raise InputError(f"{type(self).__name__} needs relax > 0 and lr > 0, got {self.relax} and {self.lr}.")
        Stopping(max_steps=self.max_steps, goal=self.goal)  # validates these two

    @property
    def max_rounds(self) -> int:
        return 1

    @property
    def stopping(self) -> Stopping:
        """The rule by which it ends at the latest."""
        return Stopping(max_steps=self.max_steps, goal=self.goal)

    def init(self, landscape: AbstractLandscape, segments: Segments, generator: torch.Generator) -> ChainState:
        return ChainState.straight(segments, self.images)

    def step(self, landscape: AbstractLandscape, segments: Segments, state: ChainState) -> ChainState:
        flat, target = state.images.flatten(0, 1), segments.target.repeat_interleave(self.images)
        loss, gradient = landscape.gradient(flat, target, validated=True)
        scale = landscape.scale(flat)
        losses = loss.double().reshape(state.loss.shape)
        highest = losses.amax(1)
        state = judged(state, state.images, highest, self.tolerance)
        aim = self.stopping.aim(segments.threshold, segments.peak_loss)
        if self.lr is not None or landscape.on_even_scale(loss) is None:
            step = (0.01 if self.lr is None else self.lr) * gradient * scale
        else:
            far = ahead(landscape, loss, aim.repeat_interleave(self.images), self.relax)
            high = losses.flatten() > segments.threshold.repeat_interleave(self.images)
            step = polyak_step(gradient * scale, torch.where(high, far, 0.0))
        moved = landscape.domain.project(flat - scale * step).reshape(state.images.shape)
        moved = torch.where(expand_to(self._low(segments, highest), moved), state.images, respaced(segments, moved))
        return replace(
            state,
            images=landscape.domain.project(moved.flatten(0, 1)).reshape(moved.shape),
            loss=losses,
            steps=state.steps + 1,
        )

    def _low(self, segments: Segments, highest: torch.Tensor) -> Mask:
        return highest <= (
            segments.threshold if self.lr is None else self.stopping.aim(segments.threshold, segments.peak_loss)
        )

    def terminate(self, segments: Segments, state: ChainState) -> Mask:
        return self._low(segments, state.best_loss) | settled(state, self.patience, self.max_steps)

    def paths(self, segments: Segments, state: ChainState) -> Sequence[AbstractPath]:
        return [Polyline(chain) for chain in whole(segments, state.best)]
