"""Moving: points of surfaces that are too high, each moved on its own until it is low enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch

from isthmus._core.geometry import expand_to, norms
from isthmus._core.shapes import Index, Inputs, Losses, Mask, Targets
from isthmus.descents import Batch, ahead, leaving, polyak_step
from isthmus.landscapes import AbstractLandscape


class Moved(NamedTuple):
    """Where points have come to, on the CPU.

    Attributes:
        x: the lowest of their places (n, *input).
        loss: there (n,).
        predicted: class predicted there (n,); -1 where the point stayed.
        steps: that each took (n,).
    """

    x: Inputs
    loss: Losses
    predicted: Index
    steps: Index


@dataclass(frozen=True, eq=False)
class Aims(Batch):
    """What each point is moved for: its class, and the loss at which it may rest."""

    target: Targets
    aim: Losses


@dataclass(frozen=True, eq=False)
class Place(Batch):
    """Where each point is, and the lowest place so far."""

    x: Inputs
    loss: Losses
    best: Inputs
    best_loss: Losses
    best_class: Index
    steps: Index


def move_down(
    landscape: AbstractLandscape,
    x: Inputs,
    target: Targets,
    loss: Losses,
    aim: Losses,
    *,
    max_steps: int,
    relax: float,
    longest: float,
) -> Moved:
    """Steps towards the aim of each point, as far as its slope says, in any direction and inside the domain.

    Args:
        landscape: the landscape.
        x: the points (n, *input).
        target, loss, aim: class, loss and the loss to be reached of each (n,).
        max_steps: steps at most.
        relax: how many times as long as a straight line asks for a step is.
        longest: no step is longer than this in normalised units, as the root of its mean square.
    """
    start = landscape.prepare(x)
    start = start.to(torch.promote_types(start.dtype, torch.float32))
    device = start.device

    def step(rows: Aims, now: Place) -> Place:
        slope = landscape.gradient(now.x, rows.target, validated=True)
        scale = landscape.scale(now.x)
        step = polyak_step(slope.gradient * scale, ahead(landscape, slope.loss, rows.aim, relax))
        length, most = norms(step), longest * step[0].numel() ** 0.5
        step = step * expand_to((most / length.clamp_min(most)).to(step.dtype), step)
        moved = landscape.domain.project(now.x - scale * step)
        seen = landscape.evaluate(moved, rows.target, validated=True)
        after = seen.loss.double()
        better = after < now.best_loss
        return Place(
            x=moved,
            loss=after,
            best=torch.where(expand_to(better, moved), moved, now.best),
            best_loss=torch.where(better, after, now.best_loss),
            best_class=torch.where(better, seen.logits.argmax(1), now.best_class),
            # Where there is no slope there is no way: more steps would cost the same again and lead nowhere.
            steps=torch.where(length > 0, now.steps + 1, max_steps),
        )

    def done(rows: Aims, now: Place) -> Mask:
        return (now.best_loss <= rows.aim) | ~now.loss.isfinite() | (now.steps >= max_steps)

    height = loss.to(device, torch.float64)
    none = torch.zeros(len(x), dtype=torch.long, device=device)
    state = Place(start, height, start, height, none - 1, none)
    problem = Aims(target.to(device), aim.to(device, torch.float64))
    best, lowest, predicted, steps = x.clone(), loss.double().clone(), none.cpu() - 1, none.cpu().clone()
    for left in leaving(landscape, problem, state, step=step, done=done):
        best[left.rows] = left.state.best.to("cpu", best.dtype)
        lowest[left.rows], steps[left.rows] = left.state.best_loss.cpu(), left.state.steps.cpu()
        predicted[left.rows] = left.state.best_class.cpu()
    return Moved(best, lowest, predicted, steps)
