"""LevelSetTraversal: walks from one end towards the other along the level set, at right angles to the gradient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from isthmus._core.annotated import as_annotated
from isthmus._core.geometry import expand_to, norms, without
from isthmus._core.shapes import Chains, Index, Inputs, Losses, Mask
from isthmus.connecting.connectors.base import Batch, PathConnector, Segments
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.paths import AbstractPath, Polyline

NEAR = 1e-3  # of the way: from here on, the rest is walked straight


@dataclass(frozen=True, eq=False)
class WalkState(Batch):
    """Where each walk is to look next (x), where it stands, the slope there, and what it has passed.

    `stride` is the share of the way ahead that the next step goes; `kept` counts the rows of `trail` that are filled.
    """

    x: Inputs
    stands: Inputs
    slope: Inputs
    stride: Losses
    trail: Chains
    kept: Index
    steps: Index


@as_annotated
@dataclass(frozen=True, kw_only=True)
class LevelSetTraversal(PathConnector[WalkState]):
    """Level set traversal (Balasubramanian, Sriramanan, Sadasivan and Feizi, NeurIPS 2023, arXiv 2310.19889).

    A step goes a share of the way towards the other end, without the part of it along the gradient, and a little down
    the gradient. It counts where the loss stays at or below the threshold, and is tried again half as long where not.
    The walk ends near the other end, or where no step counts any more, and goes straight for the rest. It begins at one
    end, so that ends swapped give another path.

    Attributes:
        stride: share of the way ahead that a step goes.
        down: largest change of a coordinate by which it goes down the gradient, in data units.
        max_steps: steps at most; each costs 3 forward-equivalents.
        halvings: how often a step is tried again before the walk ends.
        vertices: places of the walk that the path keeps.
    """

    stride: float = 0.01
    down: float = 0.002
    max_steps: int = 400
    halvings: int = 6
    vertices: int = 32

    def __post_init__(self) -> None:
        if not 0 < self.stride <= 1 or not self.down >= 0:
            raise InputError(
                f"LevelSetTraversal needs 0 < stride <= 1 and down >= 0, got {self.stride} and {self.down}."
            )
        if self.max_steps < 1 or self.halvings < 0 or self.vertices < 1:
            raise InputError(
                f"LevelSetTraversal needs max_steps >= 1, halvings >= 0 and vertices >= 1, got {self.max_steps}, "
                f"{self.halvings} and {self.vertices}."
            )

    @property
    def max_rounds(self) -> int:
        return 1

    def init(self, landscape: AbstractLandscape, segments: Segments, generator: torch.Generator) -> WalkState:
        start = segments.start
        return WalkState(
            x=start,
            stands=start,
            slope=torch.zeros_like(start),
            stride=torch.full_like(segments.threshold, self.stride),
            trail=start[:, None].repeat(1, self.vertices, *[1] * (start.ndim - 1)),
            kept=torch.zeros_like(segments.target),
            steps=torch.zeros_like(segments.target),
        )

    def step(self, landscape: AbstractLandscape, segments: Segments, state: WalkState) -> WalkState:
        loss, gradient = landscape.gradient(state.x, segments.target, validated=True)
        # Where the walk begins was looked at before: an end above the threshold is not shown.
        counts = (loss <= segments.threshold) | (state.steps == 0)
        stands = torch.where(expand_to(counts, state.x), state.x, state.stands)
        slope = torch.where(expand_to(counts, state.x), gradient, state.slope)
        stride = torch.where(counts, self.stride, state.stride / 2)
        ahead = without(segments.end - stands, slope)
        size = slope.flatten(1).abs().amax(1)
        push = slope * expand_to(torch.where(size > 0, self.down / size, 0.0).to(slope.dtype), slope)
        x = landscape.domain.project(stands + expand_to(stride.to(stands.dtype), stands) * ahead - push)
        trail, kept = self._passed(segments, state, stands)
        return WalkState(x, stands, slope, stride, trail, kept, state.steps + 1)

    def _passed(self, segments: Segments, state: WalkState, stands: Inputs) -> tuple[Chains, Index]:
        """The trail with where the walk stands, each time a further share of the way lies behind it."""
        whole = norms(segments.direction)
        behind = 1 - norms(segments.end - stands) / torch.where(whole > 0, whole, 1.0)
        due = (behind * (self.vertices + 1)).long().clamp(max=self.vertices)
        new = due > state.kept
        place = state.kept.clamp(max=self.vertices - 1)
        rows = torch.arange(len(place), device=place.device)
        trail = state.trail.clone()
        trail[rows, place] = torch.where(expand_to(new, stands), stands, trail[rows, place])
        return trail, state.kept + (new & (state.kept < self.vertices)).long()

    def terminate(self, segments: Segments, state: WalkState) -> Mask:
        left = norms(segments.end - state.stands) <= NEAR * norms(segments.direction)
        stuck = state.stride < self.stride * 0.5**self.halvings
        return left | stuck | (state.steps >= self.max_steps)

    def paths(self, segments: Segments, state: WalkState) -> Sequence[AbstractPath]:
        return [
            Polyline(torch.cat([start[None], trail[:kept], last[None], end[None]]))
            for start, trail, kept, last, end in zip(
                segments.start, state.trail, state.kept.cpu().tolist(), state.stands, segments.end, strict=True
            )
        ]
