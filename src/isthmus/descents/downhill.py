"""Downhill: inputs moved down the landscape, or up, from where they start, each until its own stop."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import torch

from isthmus._core.geometry import expand_to
from isthmus._core.progress import OnProgress, Progress
from isthmus._core.shapes import Index, Inputs, Losses, Mask, Targets
from isthmus.descents.batch import Batch
from isthmus.descents.engine import leaving
from isthmus.descents.penalties import penalty_gradient
from isthmus.descents.steps import Adam, Moments, StepRule
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape

Project = Callable[[Inputs, Inputs], Inputs]  # moved inputs and where they are held (n, *input) -> allowed inputs


@dataclass(frozen=True, eq=False)
class Descended:
    """Where rows have come to, on the CPU.

    Attributes:
        x: the best points seen (n, *input).
        loss: their losses (n,).
        steps: that each row took (n,).
        flat: at how many of its points the gradient was exactly zero, or no number (n,); None where nobody counted.
    """

    x: Inputs
    loss: Losses
    steps: Index
    flat: Index | None = None


@dataclass(frozen=True, kw_only=True)
class Downhill:
    """Moves along -sign * L(x), with penalties mse * mean((x - anchor)^2) + tv * TV(x - anchor) + decay / 2 * |x|^2.

    Penalties and steps are in normalised units (data units / std of the channel, from the mean of the channel).

    Attributes:
        lr: step length, in normalised units.
        max_steps: steps at most.
        rule: from gradient to direction.
        mse, tv: weights of the two penalties.
        decay: weight decay.
        sign: 1 to lower the loss, -1 to raise it.
        normalised: whether steps are in normalised units, or else in data units.
        anchored: whether the penalties hold x near its start, or else near the mean of the data.
        bounded: whether x is kept in the landscape's domain.
        project: brings moved inputs back to what is allowed, beside the domain.
    """

    lr: float
    max_steps: int
    rule: StepRule = field(default_factory=Adam)
    mse: float = 0.0
    tv: float = 0.0
    decay: float = 0.0
    sign: float = 1.0
    normalised: bool = True
    anchored: bool = True
    bounded: bool = True
    project: Project | None = None

    def __post_init__(self) -> None:
        if not self.lr > 0 or self.max_steps < 1 or min(self.mse, self.tv, self.decay) < 0:
            raise InputError(
                "A descent needs lr > 0, max_steps >= 1 and penalties >= 0, got "
                f"{self.lr}, {self.max_steps} and {self.mse}, {self.tv}, {self.decay}."
            )

    def run(
        self,
        landscape: AbstractLandscape,
        start: Inputs,
        target: Targets,
        *,
        stop: Losses,
        held: Inputs | None = None,
        on_progress: OnProgress | None = None,
    ) -> Descended:
        """Moves every row until sign * loss is at or below its stop, or for `max_steps`; the best point seen is given.

        Args:
            landscape: the landscape.
            start: where to begin (n, *input), in data units.
            target: class of each (n,).
            stop: the sign * loss at which each row ends (n,); -inf never ends one early.
            held: where `project` and the penalties hold each (n, *input); by default where it begins.
            on_progress: called after every step, with the rows that are done, and the steps of the others as a share
                of them.
        """
        before = landscape.forward_equivalents
        # Never in less than float32, whatever the network computes in: a step may be smaller than half precision shows.
        x = landscape.prepare(start).detach()
        x = x.to(torch.promote_types(x.dtype, torch.float32), copy=True)
        anchor = x if held is None else landscape.prepare(held).detach().to(x)
        device = x.device
        problem = _Rows(
            anchor.clone() if self.anchored else landscape.origin(x).expand_as(x),
            target.to(device),
            stop.to(device, torch.float64),
        )
        unknown = torch.full((len(x),), torch.inf, dtype=torch.float64, device=device)
        none = torch.zeros_like(problem.target)
        state = _State(x, x.clone(), unknown, unknown, none, none, Moments.like(x))
        taken = itertools.count(1)

        def tell(rows: Index, _cost: int) -> None:
            if on_progress is not None:
                # Rows move together: as many of those that still do count as done as their steps make up.
                share = min(1.0, next(taken) / (self.max_steps + 1))
                done = len(start) - len(rows) + int(share * len(rows))
                on_progress(Progress(done, len(start), landscape.forward_equivalents - before))

        with landscape.fixed():
            step = partial(self._step, landscape)
            gone = list(leaving(landscape, problem, state, step=step, done=self._done, on_step=tell))
        if not gone:
            none = none.cpu()
            return Descended(start.cpu().clone(), unknown.cpu(), none, none)
        order = torch.cat([left.rows for left in gone]).argsort()
        # One transfer for all, however many steps apart they left.
        best = torch.cat([left.state.best for left in gone]).cpu()[order]
        numbers = [
            torch.stack([left.state.best_loss, left.state.evaluated.double(), left.state.flat.double()])
            for left in gone
        ]
        best_loss, evaluated, silent = torch.cat(numbers, 1).cpu()[:, order]
        steps, flat = evaluated.long() - 1, silent.long()
        return Descended(best.to(start.dtype), self.sign * best_loss, steps, flat)

    def _step(self, landscape: AbstractLandscape, rows: _Rows, now: _State) -> _State:
        """Evaluates where the rows are, keeps the best, and moves on."""
        loss, gradient = landscape.gradient(now.x, rows.target, validated=True)
        # From an exact zero up: a probability of 1 has lost the slope of its own logit to rounding.
        lost = (loss <= torch.finfo(gradient.dtype).eps) & (self.sign < 0)
        gradient, flat = _repaired(landscape, now.x, rows.target, gradient, lost)
        lower = self.sign * loss.double()
        better = lower < now.best_loss
        scale = landscape.scale(now.x) if self.normalised else 1.0
        gradient = self.sign * gradient * scale
        if self.mse or self.tv:
            gradient = gradient + penalty_gradient((now.x - rows.anchor) / scale, self.mse, self.tv)
        if self.decay:
            gradient = gradient + self.decay * (now.x - landscape.origin(now.x)) / scale
        evaluated = now.evaluated + 1
        direction, moments = self.rule.direction(gradient, now.moments, evaluated)
        moved = now.x - self.lr * scale * direction
        if self.project is not None:
            moved = self.project(moved, rows.anchor)
        if self.bounded:
            moved = landscape.domain.project(moved)
        return _State(
            x=moved,
            best=torch.where(expand_to(better, moved), now.x, now.best),
            best_loss=torch.where(better, lower, now.best_loss),
            lower=lower,
            evaluated=evaluated,
            flat=now.flat + flat.long(),
            moments=moments,
        )

    def _done(self, rows: _Rows, now: _State) -> Mask:
        """The point after the last step is evaluated as well."""
        return (now.lower <= rows.stop) | ~now.lower.isfinite() | (now.evaluated > self.max_steps)


@dataclass(frozen=True, eq=False)
class _Rows(Batch):
    anchor: Inputs
    target: Targets
    stop: Losses


@dataclass(frozen=True, eq=False)
class _State(Batch):
    """`x` is the next point to be evaluated, `lower` is sign * loss of the one before, `best` the best of all."""

    x: Inputs
    best: Inputs
    best_loss: Losses
    lower: Losses
    evaluated: Index
    flat: Index
    moments: Moments


def _repaired(
    landscape: AbstractLandscape, x: Inputs, target: Targets, gradient: Inputs, lost: Mask
) -> tuple[Inputs, Mask]:
    """Gradients, and which of them said nothing (n,): exactly zero, NaN or infinite.

    Where the loss is merely saturated, or its slope `lost` (n,), a slope that is not takes their place; what is no
    number becomes zero.
    """
    rows = gradient.flatten(1)
    numbers = rows.isfinite().all(1)
    silent = ~numbers | (rows == 0).all(1) | lost.to(gradient.device)
    if not bool(silent.any()):
        return gradient, silent
    gradient = torch.where(expand_to(numbers, gradient), gradient, 0.0)
    other = landscape.unsaturated(x[silent], target[silent])
    if other is not None:
        gradient[silent] = other.gradient.nan_to_num(0.0, 0.0, 0.0).to(gradient)
    return gradient, (gradient.flatten(1) == 0).all(1)
