"""attack: inputs moved a little until the network takes them for another class, each verified in a fresh pass."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from isthmus._geometry import norms
from isthmus._shapes import Index, Inputs, Losses, Mask, Targets
from isthmus.errors import InputError
from isthmus.landscape import AbstractLandscape
from isthmus.making.descent import Descent, descend
from isthmus.progress import Progress
from isthmus.validation import check_inputs, check_target_range, check_targets


@dataclass(frozen=True, kw_only=True)
class TargetedAdam:
    """The targeted attack of Vrabel et al. (2025): Adam on the loss of the target, held near the source.

    Attributes:
        lr: step length in normalised units.
        max_steps: steps at most.
        mse, tv: weights of mean((x - source)^2) and of its total variation, in normalised units.
        bounded: whether x is kept in the landscape's domain; the published code ignores it.
    """

    lr: float = 0.005
    max_steps: int = 512
    mse: float = 0.1
    tv: float = 1e-8
    bounded: bool = True

    @property
    def descent(self) -> Descent:
        """The same as a descent."""
        return Descent(lr=self.lr, max_steps=self.max_steps, mse=self.mse, tv=self.tv, bounded=self.bounded)


@dataclass(frozen=True, eq=False)
class Attacked:
    """Attacked inputs, with what a fresh pass says of them.

    Attributes:
        x: the attacked inputs (n, *input), in data units, on the CPU.
        source: what they were made from.
        target: the class wanted of each (n,).
        loss: loss for the target (n,).
        success: whether the target is the predicted class (n,).
        success_8bit: the same after rounding to 8 bits, as a file would keep it, for data in [0, 1] (n,).
        steps: steps taken (n,).
    """

    x: Inputs
    source: Inputs
    target: Targets
    loss: Losses
    success: Mask
    success_8bit: Mask
    steps: Index

    def __len__(self) -> int:
        return len(self.x)

    @property
    def linf(self) -> Losses:
        """Largest change of a value (n,), in data units."""
        return (self.x - self.source).flatten(1).abs().amax(1)

    @property
    def l2(self) -> Losses:
        """Euclidean norm of the change (n,), in data units."""
        return norms(self.x - self.source)


def attack(
    landscape: AbstractLandscape,
    x: Inputs,
    target: Targets,
    *,
    method: TargetedAdam | None = None,
    stop: float | Tensor | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Attacked:
    """Moves inputs until the network takes each for its target.

    Args:
        landscape: the landscape.
        x: the sources (n, *input), in data units, inside the domain.
        target: the class wanted of each (n,).
        method: how; `TargetedAdam()` by default.
        stop: the loss at which an attack ends, for all or for each (n,); None runs on to the last step. The published
            rule stops below the loss of the real input that the attacked one is paired with: attacked ends then
            always have the lower loss, which alone tells them apart.
        on_progress: called after every step.

    Raises:
        InputError: shapes, types, targets or values that cannot be used; DomainError where sources lie outside.
    """
    method = TargetedAdam() if method is None else method
    check_inputs("x", x, landscape.domain)
    check_targets(target, len(x))
    landscape.try_out(landscape.prepare(x[:3]))
    if landscape.classes is not None:
        check_target_range(target, landscape.classes)
    stops = torch.as_tensor(-torch.inf if stop is None else stop, dtype=torch.float64)
    if stops.ndim > 1 or stops.numel() not in (1, len(x)) or bool(stops.isnan().any()):
        raise InputError(f"stop must be a number or one an input ({len(x)},), got shape {tuple(stops.shape)}.")
    moved = descend(
        landscape, x, target, method.descent, stop=stops.reshape(-1).expand(len(x)), on_progress=on_progress
    )
    loss, logits = landscape.evaluate(moved.x, target, validated=True)
    rounded = (moved.x * 255).round() / 255
    again = landscape.evaluate(rounded, target, validated=True).logits
    return Attacked(
        x=moved.x,
        source=x.cpu(),
        target=target.cpu(),
        loss=loss.cpu(),
        success=(logits.argmax(1).cpu() == target.cpu()),
        success_8bit=(again.argmax(1).cpu() == target.cpu()),
        steps=moved.steps,
    )
