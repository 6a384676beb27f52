"""Chain: images between two ends, many chains side by side: what methods that move a whole chain share."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from isthmus._core.geometry import expand_to, inner, norms, unit
from isthmus._core.shapes import ChainFlags, Chains, ChainValues, Index, Losses, Mask
from isthmus.connecting.connectors.base import Batch, Segments
from isthmus.connecting.connectors.stopping import Stopping
from isthmus.descents import Moments


@dataclass(frozen=True, eq=False)
class ChainState(Batch):
    """Images between the ends, what was last seen at them, and the chain of the lowest highest loss so far.

    `since` counts the steps since the highest loss last changed by more than the tolerance, and `plateau` is what it
    was then. `ends` are the losses of the ends (n, 2), where they were asked for; `felt` is the largest force that each
    image has felt, and `fresh` says which have moved since they were last looked at.
    """

    images: Chains
    loss: ChainValues
    slope: Chains
    best: Chains
    best_loss: Losses
    plateau: Losses
    since: Index
    moments: Moments
    steps: Index
    spent: Index
    ends: ChainValues
    felt: ChainValues
    fresh: ChainFlags

    @staticmethod
    def straight(segments: Segments, images: int) -> ChainState:
        """Images evenly spaced along the direct paths."""
        chain = straight(segments, images)
        unknown = torch.full_like(segments.threshold, torch.inf)
        none = torch.zeros_like(segments.target)
        return ChainState(
            images=chain,
            loss=unknown[:, None].repeat(1, images),
            slope=torch.zeros_like(chain),
            best=chain,
            best_loss=unknown,
            plateau=unknown,
            since=none,
            moments=Moments.like(chain),
            steps=none,
            spent=none,
            ends=unknown[:, None].repeat(1, 2),
            felt=torch.zeros_like(unknown[:, None].repeat(1, images)),
            fresh=torch.ones_like(none[:, None].repeat(1, images), dtype=torch.bool),
        )


def straight(segments: Segments, images: int) -> Chains:
    """So many images evenly spaced between the ends."""
    share = torch.arange(1, images + 1).to(segments.start) / (images + 1)
    along = share.reshape(1, -1, *(1,) * (segments.start.ndim - 1))
    return torch.lerp(segments.start[:, None], segments.end[:, None], along)


def whole(segments: Segments, images: Chains) -> Chains:
    """Chains with their ends (n, v + 2, *input)."""
    return torch.cat([segments.start[:, None], images, segments.end[:, None]], 1)


def gaps(chain: Chains) -> ChainValues:
    """Distances (n, v - 1) of neighbours in chains, in float64."""
    steps = chain.diff(dim=1)
    return norms(steps.flatten(0, 1)).reshape(steps.shape[:2])


def respaced(segments: Segments, images: Chains) -> Chains:
    """Images moved along their own polyline until all neighbours are equally far apart (E, Ren and Vanden-Eijnden 2007,
    Sec. II).
    """
    chain = whole(segments, images)
    length = torch.cat([torch.zeros_like(segments.threshold)[:, None], gaps(chain).cumsum(1)], 1)
    wanted = length[:, -1:] * torch.arange(1, images.shape[1] + 1).to(length) / (images.shape[1] + 1)
    right = torch.searchsorted(length, wanted).clamp(1, chain.shape[1] - 1)
    before, after = length.gather(1, right - 1), length.gather(1, right)
    share = torch.where(after > before, (wanted - before) / torch.where(after > before, after - before, 1.0), 0.0)
    rows = torch.arange(len(chain), device=chain.device)[:, None]
    return torch.lerp(chain[rows, right - 1], chain[rows, right], expand_to(share.to(chain), images))


def tangents(segments: Segments, images: Chains, loss: ChainValues, ends: ChainValues) -> Chains:
    """The improved tangent of each image, of length one: towards its higher neighbour, and a weighted mean of both
    sides at extremes (Henkelman and Jonsson 2000, Eqs. 8 to 11). `ends` are the losses (n, 2) of the ends.
    """
    steps = whole(segments, images).diff(dim=1)
    left, right = steps[:, :-1], steps[:, 1:]
    height = heights(loss, ends)
    rise, fall = height[:, 1:-1] - height[:, :-2], height[:, 2:] - height[:, 1:-1]
    most, least = torch.maximum(rise.abs(), fall.abs()), torch.minimum(rise.abs(), fall.abs())
    upward = height[:, 2:] > height[:, :-2]
    monotone = (rise > 0) == (fall > 0)
    forward = torch.where(monotone, (fall > 0).double(), torch.where(upward, most, least))
    backward = torch.where(monotone, (fall <= 0).double(), torch.where(upward, least, most))
    flat = (forward == 0) & (backward == 0)
    forward, backward = (torch.where(flat, 1.0, side).to(images) for side in (forward, backward))
    tangent = expand_to(forward, images) * right + expand_to(backward, images) * left
    return units(tangent)


def between(segments: Segments, state: ChainState) -> ChainValues:
    """The loss to be expected at the middle of each gap (n, v + 1), from losses and slopes at its sides: of the cubic
    that has them, or of the parabola where one side is an end, whose slope is not known.
    """
    steps = whole(segments, state.images).diff(dim=1)
    losses = heights(state.loss, state.ends)
    leaving = inners(state.slope, steps[:, 1:])  # slopes along the gap after each image
    coming = inners(state.slope, steps[:, :-1])  # and along the gap before it
    middle = (losses[:, 1:-2] + losses[:, 2:-1]) / 2 + (leaving[:, :-1] - coming[:, 1:]) / 8
    first = losses[:, :1] / 4 + 3 * losses[:, 1:2] / 4 - coming[:, :1] / 4
    last = losses[:, -1:] / 4 + 3 * losses[:, -2:-1] / 4 + leaving[:, -1:] / 4
    return torch.cat([first, middle, last], 1)


def heights(loss: ChainValues, ends: ChainValues) -> ChainValues:
    """Losses of images with those of their ends around them (n, v + 2)."""
    return torch.cat([ends[:, :1], loss, ends[:, 1:]], 1)


def inners(x: Chains, y: Chains) -> ChainValues:
    """Inner products (n, v) of images."""
    return inner(x.flatten(0, 1), y.flatten(0, 1)).reshape(x.shape[:2])


def units(images: Chains) -> Chains:
    """Every image scaled to length one."""
    return unit(images.flatten(0, 1)).reshape(images.shape)


def judged(state: ChainState, images: Chains, highest: Losses, tolerance: float) -> ChainState:
    """The state once the highest loss (n,) of chains is known: the best of them, and how long nothing has changed."""
    better = highest < state.best_loss
    changed = state.plateau.isinf() | ((highest - state.plateau).abs() > tolerance * state.plateau.abs())
    return replace(
        state,
        best=torch.where(expand_to(better, images), images, state.best),
        best_loss=torch.where(better, highest, state.best_loss),
        plateau=torch.where(changed, highest, state.plateau),
        since=torch.where(changed, 0, state.since + 1),
    )


def settled(state: ChainState, patience: int, max_steps: int) -> Mask:
    """Which chains (n,) have come to rest, or to their last step."""
    return (state.since >= patience) | Stopping(max_steps=max_steps).given_up(state.best_loss, state.steps)
