"""synthesize: inputs of low loss made from noise (feature visualisation; Vrabel et al. 2025, Sec. 4.1)."""

from __future__ import annotations

import math
from collections.abc import Sequence, Sized
from dataclasses import dataclass
from typing import cast

import torch

from isthmus._core.annotated import as_annotated
from isthmus._core.bars import Tell, renamed, telling
from isthmus._core.displayed import Plotted
from isthmus._core.progress import OnProgress
from isthmus._core.random import generator
from isthmus._core.shapes import AnyTargets, Index, Inputs, Losses, Mask, Targets
from isthmus._core.text import amount
from isthmus.descents import Descended, Downhill
from isthmus.errors import InputError
from isthmus.inputs.kinds import InputKind
from isthmus.landscapes import AbstractLandscape
from isthmus.landscapes.arguments import targets_of
from isthmus.making.method import SynthesisMethod


@as_annotated
@dataclass(frozen=True, kw_only=True)
class FromNoise(SynthesisMethod):
    """The paper's generator: Adam from Gaussian noise around the mean of the data; the best point is kept.

    Attributes:
        scale: standard deviation of the noise, in normalised units.
        lr: step length in normalised units.
        max_steps: steps at most.
        decay: weight decay.
        tv: weight of the high-frequency penalty (2.5e-7 in the paper where it is used).
        goal: the loss below which an input is done.
        bounded: whether inputs are kept in the landscape's domain; the published code ignores it.
    """

    scale: float = 0.01
    lr: float = 0.05
    max_steps: int = 512
    decay: float = 1e-7
    tv: float = 0.0
    goal: float = 5e-4
    bounded: bool = True

    @property
    def descent(self) -> Downhill:
        """The same as a descent."""
        return Downhill(
            lr=self.lr,
            max_steps=self.max_steps,
            tv=self.tv,
            decay=self.decay,
            anchored=False,
            bounded=self.bounded,
        )

    def run(
        self,
        landscape: AbstractLandscape,
        target: Targets,
        shape: Sequence[int],
        seeds: Sequence[int],
        *,
        on_progress: OnProgress | None = None,
    ) -> Descended:
        like = landscape.prepare(torch.stack([torch.randn(tuple(shape), generator=generator(each)) for each in seeds]))
        start = landscape.origin(like) + self.scale * landscape.scale(like) * like
        if self.bounded:
            start = landscape.domain.project(start)
        goals = torch.full((len(target),), self.goal, dtype=torch.float64)
        return self.descent.run(landscape, start, target, stop=goals, on_progress=on_progress)


MOST = 10**9  # values of one input


@dataclass(frozen=True, eq=False)
class Synthesized(Plotted):
    """Synthesized inputs.

    Attributes:
        x: the inputs (n, *input), in data units, on the CPU.
        target: the class that each was made for (n,).
        seeds: of the noise of each.
        loss: of each for its target (n,), in a fresh pass.
        success: whether the target is the predicted class (n,).
        steps: steps taken (n,).
        input_kind: what the inputs are, where that is known.
    """

    x: Inputs
    target: Targets
    seeds: tuple[int, ...]
    loss: Losses
    success: Mask
    steps: Index
    input_kind: InputKind | None = None

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        return (
            f"Synthesized({amount(len(self), 'input')}, {int(self.success.sum())} succeeded, shape "
            f"{tuple(self.x.shape[1:])})"
        )


@renamed
@as_annotated
def synthesize(
    landscape: AbstractLandscape,
    target: AnyTargets,
    *,
    shape: Sequence[int] | None = None,
    method: SynthesisMethod | None = None,
    seed: int | Sequence[int] = 0,
    progress: Tell = None,
) -> Synthesized:
    """Makes an input for every target.

    Args:
        landscape: the landscape.
        target: the class of each (n,), by number or name; a class may be named several times.
        shape: of one input, such as (3, 224, 224); by default what the landscape's network says.
        method: how; `FromNoise()` by default.
        seed: of the first input's noise, counted up for the others, or one for each (n,). An input depends on its own
            seed only.
        progress: as `isthmus.connect` takes it.

    Raises:
        InputError: the shape is not known, or targets or seeds cannot be used.
    """
    method = FromNoise() if method is None else method
    single = isinstance(target, str) or not isinstance(target, Sized) or getattr(target, "ndim", 1) == 0
    target = targets_of(landscape, target, 1 if single else len(cast("Sized", target)), [])
    size = tuple(shape) if shape is not None else landscape.input_shape
    if size is None or not len(target):
        raise InputError("synthesize needs targets, and the shape of an input where the network does not say it.")
    if not size or min(size) < 1 or math.prod(size) > MOST:
        raise InputError(f"shape must be whole numbers >= 1, as (3, 224, 224), of {MOST:,} values at most, got {size}.")
    seeds = tuple(range(seed, seed + len(target))) if isinstance(seed, int) else tuple(seed)
    if len(seeds) != len(target):
        raise InputError(f"seed must be a number or one an input ({len(target)},), got {len(seeds)}.")
    with telling(progress, "synthesizing", "inputs") as tell:
        made = method.run(landscape, target, size, seeds, on_progress=tell)
    loss, logits = landscape.evaluate(made.x, target, validated=True)
    return Synthesized(
        input_kind=landscape.input_kind,
        x=made.x,
        target=target.cpu(),
        seeds=seeds,
        loss=loss.cpu(),
        success=(logits.argmax(1).cpu() == target.cpu()),
        steps=made.steps,
    )
