"""NudgedElasticBand: images held apart by springs slide downhill across the band, and the highest ones climb."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from isthmus._core.annotated import as_annotated
from isthmus._core.geometry import expand_to, inner
from isthmus._core.shapes import Chains, Index, Mask
from isthmus.connecting.connectors.base import PathConnector, Segments
from isthmus.connecting.connectors.chain import (
    ChainState,
    between,
    gaps,
    heights,
    inners,
    judged,
    settled,
    tangents,
    units,
    whole,
)
from isthmus.connecting.connectors.stopping import Stopping
from isthmus.descents import Adam
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.paths import AbstractPath, Polyline


@as_annotated
@dataclass(frozen=True, kw_only=True)
class NudgedElasticBand(PathConnector[ChainState]):
    """The nudged elastic band (Jonsson, Mills and Jacobsen 1998) with the improved tangent (Henkelman and Jonsson 2000)
    and with climbing images (Henkelman, Uberuaga and Jonsson 2000), here at every local maximum of the band.

    Across the band images follow the gradient, along it springs, by Adam. From `climb_after` steps on, images higher
    than both neighbours go up along the band instead, and so come to rest on saddles. An image whose force is small is
    frozen, and not evaluated again while it is. It ends at rest, after `max_steps`, or as soon as nothing is above the
    goal: neither images, nor what their slopes let expect between them.

    Attributes:
        images: between the ends; a step costs 3 forward-equivalents for each that is not frozen.
        max_steps: steps at most.
        goal: it ends as soon as no image is above this share of the way from the higher end up to the threshold.
        lr: length of Adam's steps in normalised units (data units / std of the channel).
        spring: strength of the springs, per unit of loss and of squared length of the direct path.
        climb_after: steps before images climb; None never lets them.
        still: an image is frozen where its force is below this share of the largest force that it has felt.
        tolerance, patience: at rest is a band whose highest loss did not fall by this share within so many steps.
    """

    images: int = 7
    max_steps: int = 200
    goal: float = 0.5
    lr: float = 0.01
    spring: float = 1.0
    climb_after: int | None = 50
    still: float = 1e-4
    tolerance: float = 1e-4
    patience: int = 40

    def __post_init__(self) -> None:
        if self.images < 1 or self.patience < 1 or not min(self.tolerance, self.still, self.spring) >= 0:
            raise InputError(
                "NudgedElasticBand needs images >= 1, patience >= 1, and tolerance, still and spring >= 0, got "
                f"{self.images}, {self.patience}, {self.tolerance}, {self.still} and {self.spring}."
            )
        if not self.lr > 0 or (self.climb_after is not None and self.climb_after < 0):
            raise InputError(f"NudgedElasticBand needs lr > 0 and climb_after >= 0, got {self.lr}, {self.climb_after}.")
        Stopping(max_steps=self.max_steps, goal=self.goal)  # validates these two

    @property
    def max_rounds(self) -> int:
        return 1

    def init(self, landscape: AbstractLandscape, segments: Segments, generator: torch.Generator) -> ChainState:
        ends = torch.stack([segments.start, segments.end], 1)
        seen = landscape.evaluate(ends.flatten(0, 1), segments.target.repeat_interleave(2), validated=True)
        state = ChainState.straight(segments, self.images)
        return replace(state, ends=seen.loss.double().reshape(-1, 2), spent=state.spent + 2)

    def step(self, landscape: AbstractLandscape, segments: Segments, state: ChainState) -> ChainState:
        state = self._looked(landscape, segments, state)
        highest = torch.maximum(state.loss.amax(1), between(segments, state).amax(1))
        if self.climb_after is not None:  # from here on the chain counts whose images have climbed, not the lowest
            climbs = state.steps >= self.climb_after
            state = replace(state, best_loss=torch.where(climbs, torch.inf, state.best_loss))
        state = judged(state, state.images, highest, self.tolerance)
        scale = landscape.scale(state.images.flatten(0, 1))[:, None]
        force = self._force(landscape, segments, state, scale)
        steps = state.steps + 1
        update, moments = Adam().direction(force, state.moments, steps)
        size = inners(force, force).sqrt()
        felt = torch.maximum(state.felt, size)
        frozen = size <= self.still * felt
        moved = torch.where(expand_to(frozen, state.images), state.images, state.images - self.lr * scale * update)
        moved = landscape.domain.project(moved.flatten(0, 1)).reshape(moved.shape)
        return replace(state, images=moved, moments=moments, steps=steps, fresh=~frozen, felt=felt)

    def _looked(self, landscape: AbstractLandscape, segments: Segments, state: ChainState) -> ChainState:
        """Losses and slopes of the images that have moved; of the others they are known."""
        rows, places = state.fresh.nonzero(as_tuple=True)
        loss, slope = state.loss.clone(), state.slope.clone()
        if len(rows):
            seen = landscape.gradient(state.images[rows, places], segments.target[rows], validated=True)
            loss[rows, places], slope[rows, places] = seen.loss.to(loss), seen.gradient.to(slope)
        return replace(state, loss=loss, slope=slope, spent=state.spent + 3 * state.fresh.sum(1))

    def _force(
        self, landscape: AbstractLandscape, segments: Segments, state: ChainState, scale: torch.Tensor
    ) -> Chains:
        """What each image moves against, in normalised units: the slope across the band and the springs along it."""
        along = tangents(segments, state.images, state.loss, state.ends)
        # Along what the domain holds no image moves, neither by the slope nor by its springs.
        along = landscape.domain.free(along.flatten(0, 1)).reshape(along.shape)
        tangent = units(along / scale)
        slope = state.slope * scale
        uphill = expand_to(inners(slope, tangent).to(slope), slope) * tangent
        apart = gaps(whole(segments, state.images))
        direct = inner(segments.direction, segments.direction).clamp_min(1e-300)[:, None]
        pull = self.spring * (apart[:, :-1] - apart[:, 1:]) / direct
        force = slope - uphill + expand_to(pull.to(slope), slope) * tangent
        if self.climb_after is None:
            return force
        height = heights(state.loss, state.ends)
        top = (height[:, 1:-1] > height[:, :-2]) & (height[:, 1:-1] > height[:, 2:])
        climbs = top & (state.steps >= self.climb_after)[:, None]
        return torch.where(expand_to(climbs, slope), slope - 2 * uphill, force)

    def spent(self, state: ChainState) -> Index | None:
        return state.spent

    def terminate(self, segments: Segments, state: ChainState) -> Mask:
        higher = torch.minimum(state.ends.amax(1), segments.threshold)
        low = state.best_loss <= torch.lerp(higher, segments.threshold, self.goal)
        return low | settled(state, self.patience, self.max_steps) | ~state.fresh.any(1)

    def paths(self, segments: Segments, state: ChainState) -> Sequence[AbstractPath]:
        return [Polyline(chain) for chain in whole(segments, state.best)]
