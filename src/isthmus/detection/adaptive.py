"""Adaptive attacks: they know the detector, and differentiate through everything it does."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from isthmus._core.bars import Tell, renamed, telling
from isthmus._core.geometry import expand_to, without
from isthmus._core.progress import Progress
from isthmus._core.shapes import Index, Inputs, Logits, Losses, Mask, Targets
from isthmus.descents import Batch, Moments, SignStep, leaving
from isthmus.detection.curves import Curves
from isthmus.detection.probe import Probe
from isthmus.detection.references import References
from isthmus.detection.scores import Score
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape

Aim = Literal["joint", "selective", "orthogonal", "mimic"]
AIMS: tuple[Aim, ...] = get_args(Aim)
NUMBERS = 2**22  # of the inputs evaluated at once with their gradients, whose graphs are many times as large
SOFT = 0.5  # standard deviations over which the steps of trees are smoothed


@dataclass(frozen=True, kw_only=True)
class Adaptive:
    """Targeted steps along the gradient's sign inside an Linf ball, against network and detector together.

    Attributes:
        aim: "joint" lowers the loss of the target and the suspicion in one sum; "selective" lowers the loss until the
            network is misled, the suspicion from then on, and the loss again where that is lost; "orthogonal" does so
            without the part of each gradient that would move the other (both Bryniarski et al. 2021); "mimic" lowers
            the loss and the distance of the curves from those of a real input of the target class.
        epsilon: radius of the ball, in data units.
        steps: how many.
        relative_step: step length / epsilon.
        weight: of the suspicion, or of the distance, in sums.
    """

    aim: Aim
    epsilon: float
    steps: int = 200
    relative_step: float = 0.02
    weight: float = 1.0

    def __post_init__(self) -> None:
        if self.aim not in AIMS or not self.epsilon > 0 or self.steps < 1 or not self.relative_step > 0:
            raise InputError(
                f"An adaptive attack needs an aim of {', '.join(AIMS)}, epsilon > 0, steps >= 1 and relative_step > 0, "
                f"got {self.aim}, {self.epsilon}, {self.steps} and {self.relative_step}."
            )


class Evaded(NamedTuple):
    """How an adaptive attack went.

    Attributes:
        x: for each source (n, *input), the point that first misled both, or the last one.
        misled_at: step at which the network first saw the target (n,); -1 for never.
        evaded_at: step at which it did so unflagged (n,); -1 for never.
    """

    x: Inputs
    misled_at: NDArray[np.int64]
    evaded_at: NDArray[np.int64]

    def share(self, steps: int) -> float:
        """SR: the share of sources whose attack misled network and detector within so many steps."""
        return share_reached(self.evaded_at, steps)


def share_reached(at: NDArray[np.int64], steps: int) -> float:
    """The share of what happened within so many steps, of the steps (n,) at which it did, or -1 for never."""
    return float(((at >= 0) & (at <= steps)).mean())


@renamed
def evade(
    landscape: AbstractLandscape,
    x: Inputs,
    target: Targets,
    method: Adaptive,
    *,
    score: Score,
    threshold: float,
    probe: Probe,
    references: References,
    model: Inputs | None = None,
    progress: Tell = None,
) -> Evaded:
    """Attacks network and detector.

    Args:
        landscape: the landscape.
        x: sources (n, *input).
        target: the class wanted of each (n,).
        method: how.
        score: the detector's score of features.
        threshold: what scores above it are flagged.
        probe, references: the detector's.
        model: for the aim "mimic", a real input of each target class (n, *input).
        progress: as `isthmus.connect` takes it, with inputs.

    Raises:
        InputError: the aim "mimic" without models, or a probe that looks for paths, which have no slope.
    """
    if probe.bypassed:
        raise InputError("Adaptive attacks need features with slopes; use a probe with bypassed=0.")
    if method.aim == "mimic" and model is None:
        raise InputError("The aim mimic needs a real input of each target class, got none.")
    piece = max(1, NUMBERS // (probe.cost * x[0].numel()))
    parts = []
    before = landscape.forward_equivalents
    with landscape.fixed(), telling(progress, "evading", "inputs") as on_progress:
        for begin in range(0, len(x), piece):
            rows = slice(begin, begin + piece)
            attacker = _Attacker(landscape, target[rows], method, score, probe, references)
            if model is not None and method.aim == "mimic":
                attacker.copy(model[rows])

            def tell(step: int, begin: int = begin) -> None:
                share = min(piece, len(x) - begin) * step // method.steps
                on_progress(Progress(begin + share, len(x), landscape.forward_equivalents - before))

            parts.append(attacker.run(x[rows], threshold, tell))
    columns = list(zip(*parts, strict=True))
    return Evaded(torch.cat(columns[0]), np.concatenate(columns[1]), np.concatenate(columns[2]))


@dataclass(frozen=True, eq=False)
class _Sources(Batch):
    """Numbers of the sources, on the CPU, and the sources themselves (n, *input)."""

    number: Index
    source: Inputs


@dataclass(frozen=True, eq=False)
class _Tried(Batch):
    """Where the inputs are (n, *input), and, on the CPU, the steps (n,) at which they misled the network and evaded the
    detector, -1 for not yet, and that were made.
    """

    x: Inputs
    misled_at: Index
    evaded_at: Index
    steps: Index


class _Slopes(NamedTuple):
    misled: Mask
    suspicion: Losses
    downhill: Inputs


class _Attacker:
    """One piece of the sources, attacked together."""

    def __init__(
        self,
        landscape: AbstractLandscape,
        target: Targets,
        method: Adaptive,
        score: Score,
        probe: Probe,
        references: References,
    ) -> None:
        self.landscape, self.target, self.method = landscape, target.to(landscape.device), method
        self.score, self.probe, self.references = score, probe, references
        self.wanted: list[Tensor] = []

    def copy(self, model: Inputs) -> None:
        """Takes the curves of real inputs as what is to be matched."""
        with torch.no_grad():
            curves = self._curves(self.landscape.prepare(model), self.target)
        self.wanted = [each.logits for each in curves if each is not None]

    def run(
        self, x: Inputs, threshold: float, tell: Callable[[int], None]
    ) -> tuple[Inputs, NDArray[np.int64], NDArray[np.int64]]:
        source = self.landscape.prepare(x).detach()
        never = torch.full((len(x),), -1)
        problem = _Sources(torch.arange(len(x)), source)
        state = _Tried(source.clone(), never, never, torch.zeros_like(never))
        at = source.clone()
        reached = {"misled_at": never.numpy().copy(), "evaded_at": never.numpy().copy()}
        step = itertools.count()

        def done(_: _Sources, now: _Tried) -> Mask:  # who has evaded the detector stays where it is
            return (now.evaded_at >= 0) | (now.steps > self.method.steps)

        for left in leaving(
            self.landscape,
            problem,
            state,
            step=lambda rows, now: self._step(rows, now, threshold),
            done=done,
            on_step=lambda _rows, _cost: tell(next(step)),
        ):
            at[left.rows] = left.state.x
            for name, values in reached.items():
                values[left.rows.numpy()] = getattr(left.state, name).numpy()
        return at.to(x.dtype).cpu(), reached["misled_at"], reached["evaded_at"]

    def _step(self, rows: _Sources, now: _Tried, threshold: float) -> _Tried:
        """Looks at where the inputs are, and moves those on that are flagged still."""
        slopes = self._slopes(now.x, rows.number)
        misled = slopes.misled.cpu()
        calm = misled & (slopes.suspicion.double().cpu() <= threshold)
        misled_at = torch.where(misled & (now.misled_at < 0), now.steps, now.misled_at)
        evaded_at = torch.where(calm, now.steps, now.evaded_at)
        epsilon = self.method.epsilon
        direction, _ = SignStep().direction(slopes.downhill, Moments.like(now.x[:0]), now.steps)
        moved = now.x - self.method.relative_step * epsilon * direction
        moved = self.landscape.domain.project(rows.source + (moved - rows.source).clamp(-epsilon, epsilon))
        stays = calm | (now.steps == self.method.steps)
        x = torch.where(expand_to(stays.to(moved.device), moved), now.x, moved)
        return _Tried(x, misled_at, evaded_at, now.steps + 1)

    def _slopes(self, at: Inputs, rows: Tensor) -> _Slopes:
        """What network and detector say at some of the inputs, and the gradient of what is to be lowered there."""
        aim, target = self.method.aim, self.target[rows.to(self.target.device)]
        with torch.enable_grad():
            point = at.clone().requires_grad_()
            curves = self._curves(point, target)
            own = curves[0].logits[:, 0, 0]
            misled = own.argmax(1) == target
            loss = functional.cross_entropy(own, target, reduction="none")
            features = self.probe.read(*curves).double()
            if aim == "mimic":
                given = [each.logits for each in curves if each is not None]
                pairs = zip(given, self.wanted, strict=True)
                apart = [(each - wanted[rows]).square().flatten(1).mean(1) for each, wanted in pairs]
                calm = torch.stack(apart).mean(0)
            else:
                calm = self.score.differentiable(features, softness=SOFT)
            if aim in ("joint", "mimic"):
                (downhill,) = torch.autograd.grad((loss + self.method.weight * calm).sum(), point)
            elif aim == "selective":
                (downhill,) = torch.autograd.grad(torch.where(misled, calm.to(loss), loss).sum(), point)
            else:
                (one,) = torch.autograd.grad(loss.sum(), point, retain_graph=True)
                (two,) = torch.autograd.grad(calm.sum(), point)
                downhill = torch.where(expand_to(misled, one), without(two, one), without(one, two))
        self.landscape.forward_equivalents += (3 * self.probe.cost + 2) * len(at)
        with torch.no_grad():
            suspicion = self.score.differentiable(features.detach())
        return _Slopes(misled, suspicion, downhill.nan_to_num(0.0))

    def _curves(self, x: Inputs, target: Targets) -> tuple[Curves, Curves | None]:
        def answer(points: Inputs) -> Logits:
            return self.landscape.forward(
                points, torch.zeros(len(points), dtype=torch.long, device=points.device)
            ).logits

        return self.probe.curves(answer, x, target, self.references)
