"""Descent: inputs moved downhill from where they start, each until its own stop: the core of attacks and synthesis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from isthmus._adam import adam_update, penalty_gradient
from isthmus._shapes import Index, Inputs, Losses, Targets
from isthmus.errors import InputError
from isthmus.landscape import AbstractLandscape
from isthmus.progress import Progress


@dataclass(frozen=True, kw_only=True)
class Descent:
    """Adam on L(x) + mse * mean((x - x0)^2) + tv * TV(x - x0) + decay / 2 * |x|^2, kept in the landscape's domain.

    x is measured in normalised units (data units / std of the channel), from the mean of the channel; x0 is the start,
    or the mean where `anchored` is off.

    Attributes:
        lr: step length in normalised units.
        max_steps: steps at most.
        mse, tv: weights of the two penalties.
        decay: weight decay.
        anchored: whether the penalties hold x near its start.
        bounded: whether x is kept in the landscape's domain.
    """

    lr: float
    max_steps: int
    mse: float = 0.0
    tv: float = 0.0
    decay: float = 0.0
    anchored: bool = True
    bounded: bool = True

    def __post_init__(self) -> None:
        if not self.lr > 0 or self.max_steps < 1 or min(self.mse, self.tv, self.decay) < 0:
            raise InputError(
                "A descent needs lr > 0, max_steps >= 1 and penalties >= 0, got "
                f"{self.lr}, {self.max_steps} and {self.mse}, {self.tv}, {self.decay}."
            )


@dataclass(frozen=True, eq=False)
class Descended:
    """The lowest points seen, their losses, and the steps that each row took."""

    x: Inputs
    loss: Losses
    steps: Index


def descend(
    landscape: AbstractLandscape,
    start: Inputs,
    target: Targets,
    settings: Descent,
    *,
    stop: Losses,
    on_progress: Callable[[Progress], None] | None = None,
) -> Descended:
    """Moves every row until its loss is at or below its stop, or for `max_steps`; the lowest point seen is returned.

    Args:
        landscape: the landscape.
        start: where to begin (n, *input), in data units.
        target: class of each (n,).
        settings: how to move.
        stop: the loss at which each row ends (n,); -inf never ends one early.
        on_progress: called after every step.
    """
    before = landscape.forward_equivalents
    x = landscape.prepare(start).detach()
    # Never in less than float32, whatever the network computes in: a step may be smaller than half precision shows.
    x = x.to(torch.promote_types(x.dtype, torch.float32), copy=True)
    scale, origin = landscape.scale(x), landscape.origin(x)
    anchor = x.clone() if settings.anchored else origin.expand_as(x)
    target, stop = target.to(x.device), stop.to(x.device, torch.float64)
    best, best_loss = x.clone(), torch.full((len(x),), torch.inf, dtype=torch.float64, device=x.device)
    steps = torch.zeros(len(x), dtype=torch.long, device=x.device)
    rows = torch.arange(len(x), device=x.device)
    first, second = torch.zeros_like(x), torch.zeros_like(x)
    with landscape.fixed():
        for number in range(1, settings.max_steps + 2):
            last = number > settings.max_steps  # the point after the last step is evaluated as well
            loss, gradient = landscape.gradient(x, target[rows], validated=True)
            better = loss.double() < best_loss[rows]
            best[rows[better]] = x[better]
            best_loss[rows[better]] = loss[better].double()
            going = (loss.double() > stop[rows]) & loss.isfinite()
            if last or not bool(going.any()):
                break
            rows, x, gradient, first, second = (part[going] for part in (rows, x, gradient, first, second))
            gradient = gradient * scale + penalty_gradient((x - anchor[rows]) / scale, settings.mse, settings.tv)
            if settings.decay:
                gradient = gradient + settings.decay * (x - origin) / scale
            steps[rows] += 1
            direction, first, second = adam_update(gradient, first, second, steps[rows])
            x = x - settings.lr * scale * direction
            if settings.bounded:
                x = landscape.domain.project(x)
            if on_progress is not None:
                cost = landscape.forward_equivalents - before
                on_progress(Progress(len(start) - len(rows), len(start), cost))
    return Descended(best.to(start.dtype).cpu(), best_loss.cpu(), steps.cpu())
