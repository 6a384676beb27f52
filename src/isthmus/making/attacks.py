"""attack: inputs moved a little until the network takes them for another class, each verified in a fresh pass."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch

from isthmus._core.annotated import as_annotated
from isthmus._core.bars import Tell, renamed, telling
from isthmus._core.displayed import Plotted
from isthmus._core.geometry import expand_to, norms
from isthmus._core.given import numbers_of, tensor_of
from isthmus._core.progress import OnProgress
from isthmus._core.random import generator
from isthmus._core.shapes import AnyInputs, AnyLosses, AnyTargets, Index, Inputs, Losses, Mask, Targets
from isthmus._core.text import amount
from isthmus._core.warned import warn
from isthmus.descents import Descended, Downhill, is_broken, kept_share
from isthmus.errors import InputError
from isthmus.inputs.kinds import InputKind
from isthmus.landscapes import AbstractLandscape
from isthmus.landscapes.arguments import PREDICTED, targets_of
from isthmus.landscapes.validation import check_inputs, check_target_range
from isthmus.making.method import AttackMethod


@as_annotated
@dataclass(frozen=True, kw_only=True)
class TargetedAdam(AttackMethod):
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

    def __post_init__(self) -> None:
        _ = self.descent  # which refuses unusable settings

    @property
    def targeted(self) -> bool:
        return True

    @property
    def descent(self) -> Downhill:
        """The same as a descent."""
        return Downhill(lr=self.lr, max_steps=self.max_steps, mse=self.mse, tv=self.tv, bounded=self.bounded)

    def run(
        self,
        landscape: AbstractLandscape,
        x: Inputs,
        target: Targets,
        *,
        stop: Losses,
        generator: torch.Generator,
        on_progress: OnProgress | None = None,
    ) -> Descended:
        return self.descent.run(landscape, x, target, stop=stop, on_progress=on_progress)


PLACES, STEP = 3, 0.05  # where gradients are asked for their promises, and how far each step goes, in radii


@dataclass(frozen=True, eq=False)
class Attacked(Plotted):
    """Attacked inputs, with what a fresh pass says of them.

    Attributes:
        x: the attacked inputs (n, *input), in data units, on the CPU.
        source: what they were made from.
        target: the class given for each (n,): the one wanted, or the one to get away from.
        loss: loss for that class (n,).
        predicted: the class predicted (n,).
        success: whether the network was led where the attack wanted it (n,).
        success_8bit: the same after rounding to what a file of the kind of inputs holds: 8 bits of images, the nearest
            row, text or sound of others (n,). Where nobody says what the inputs are, they count as images.
        valid: whether it lies inside the domain and no farther from its source than the attack's radius + 1e-6 (n,).
        steps: steps taken (n,).
        flat: share of its points at which the gradient was exactly zero or no number (n,); NaN where nobody counted.
        promise: what a short step along the gradient raises the loss by, over what the gradient promises (n,): 1 on a
            plane. Asked of attacks that failed by gradients inside a ball; NaN elsewhere, and where a step that short
            drowns in rounding.
        input_kind: what the inputs are, where that is known.
    """

    x: Inputs
    source: Inputs
    target: Targets
    loss: Losses
    predicted: Index
    success: Mask
    success_8bit: Mask
    valid: Mask
    steps: Index
    flat: Losses
    promise: Losses
    input_kind: InputKind | None = None

    @property
    def kept_as(self) -> str:
        """What `success_8bit` is about, in words."""
        return "8-bit images" if self.input_kind is None else self.input_kind.kept_as

    @property
    def suspect(self) -> Mask:
        """Attacks (n,) that failed where most gradients said nothing, or did not keep what they promised, within a
        factor of 2: that may be the gradients, not the network.
        """
        return ~self.success & ((self.flat > 0.5) | is_broken(self.promise))

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        return (
            f"Attacked({amount(len(self), 'input')}, {int(self.success.sum())} successful, {int(self.valid.sum())} "
            "valid)"
        )

    @property
    def linf(self) -> Losses:
        """Largest change of a value (n,), in data units."""
        return (self.x - self.source).flatten(1).abs().amax(1)

    @property
    def l2(self) -> Losses:
        """Euclidean norm of the change (n,), in data units."""
        return norms(self.x - self.source)


@renamed
@as_annotated
def attack(
    landscape: AbstractLandscape,
    x: AnyInputs,
    target: AnyTargets,
    *,
    method: AttackMethod | None = None,
    stop: AnyLosses | None = None,
    seed: int = 0,
    progress: Tell = None,
) -> Attacked:
    """Moves inputs until the network takes each for its target, or, where the method is untargeted, for anything else.

    Args:
        landscape: the landscape.
        x: the sources (n, *input), in data units, inside the domain.
        target: the class wanted of each, or for untargeted methods the class to get away from (n,), or one for all, by
            number or name; of untargeted methods "predicted" is what the network sees in each.
        method: how; `TargetedAdam()` by default.
        stop: the loss at which an attack ends, for all or for each (n,); None runs on to the last step. The published
            rule stops below the loss of the real input that the attacked one is paired with: attacked ends then
            always have the lower loss, which alone tells them apart.
        seed: of the random starts that a method may use.
        progress: as `isthmus.connect` takes it.

    Raises:
        InputError: shapes, types, targets or values that cannot be used; DomainError where sources lie outside.
    """
    method = TargetedAdam() if method is None else method
    x = tensor_of("x", x)
    check_inputs("x", x, landscape.domain, landscape.input_kind)
    if isinstance(target, str) and target == PREDICTED and method.targeted:
        raise InputError(f"{method!r} leads towards its target, which is what the network sees already: give a class.")
    target = targets_of(landscape, target, len(x), [x])
    if landscape.classes is None:
        landscape.evaluate(x[:1], target[:1], validated=True)
    if landscape.classes is not None:
        check_target_range(target, landscape.classes)
    sign = 1.0 if method.targeted else -1.0
    stops = numbers_of("stop", -sign * torch.inf if stop is None else stop)
    if stops.ndim > 1 or stops.numel() not in (1, len(x)) or bool(stops.isnan().any()):
        raise InputError(f"stop must be a number or one an input ({len(x)},), got shape {tuple(stops.shape)}.")
    limits = sign * stops.reshape(-1).expand(len(x))
    with telling(progress, "attacking", "inputs") as tell:
        moved = method.run(landscape, x, target, stop=limits, generator=generator(seed), on_progress=tell)
        moved = replace(moved, x=landscape.domain.hold(moved.x, x.cpu()))  # of methods that do not ask the domain
    made = verified(landscape, method, x, moved, target)
    made = _with_promises(landscape, method, made, seed)
    if bool(made.suspect.any()):
        warn(
            f"{int(made.suspect.sum())} of {len(made)} attacks failed with gradients that were zero or no number at "
            "most of their points, or did not lead where they promised: that says nothing of the network's strength "
            "(rounding, saturation, gradients of its own?). Try an attack without gradients, such as Square.",
        )
    return made


def _with_promises(landscape: AbstractLandscape, method: AttackMethod, made: Attacked, seed: int) -> Attacked:
    """The same, with what gradients promised where the attack failed although there were some: the median of what they
    kept at the source and at points of the ball around it.
    """
    failed = (~made.success & ~made.flat.isnan() & ~made.suspect).nonzero()[:, 0]
    if method.radius is None or not len(failed):
        return made
    radius, norm = method.radius
    source, random = landscape.prepare(made.source[failed]), generator(seed)
    shares = []
    for place in range(PLACES):
        noise = torch.rand(source.shape, generator=random, dtype=torch.float64) * 2 - 1
        noise = (noise if norm == math.inf else noise / expand_to(norms(noise), noise)).to(source)
        here = landscape.domain.hold(landscape.domain.project(source + (place > 0) * radius / 2 * noise), source)
        step = torch.full((len(failed),), STEP * radius)
        shares.append(kept_share(landscape, here, made.target[failed], step, norm))
    promise = made.promise.clone()
    promise[failed] = torch.stack(shares).nanmedian(0).values
    return replace(made, promise=promise)


def verified(
    landscape: AbstractLandscape, method: AttackMethod, x: Inputs, moved: Descended, target: Targets
) -> Attacked:
    """What a fresh pass says of the result of a method."""
    source, target = x.detach().cpu().clone(), target.cpu().clone()  # what the caller gave is the caller's
    loss, logits = landscape.evaluate(moved.x, target, validated=True)
    predicted = logits.argmax(1).cpu()
    kind = landscape.input_kind
    kept = (moved.x * 255).round() / 255 if kind is None else kind.nearest(moved.x)
    again = predicted if kept is None else landscape.evaluate(kept, target, validated=True).logits.argmax(1).cpu()
    valid = landscape.domain.contains(moved.x) & moved.x.isfinite().flatten(1).all(1)
    if method.radius is not None:
        size, norm = method.radius
        change = (moved.x - source).double().flatten(1)
        distance = change.abs().amax(1) if norm == math.inf else change.norm(dim=1)
        valid &= distance <= size + 1e-6
    return Attacked(
        input_kind=landscape.input_kind,
        x=moved.x,
        source=source,
        target=target,
        loss=loss.cpu(),
        predicted=predicted,
        success=(predicted == target) == method.targeted,
        success_8bit=(again == target) == method.targeted,
        valid=valid,
        steps=moved.steps,
        flat=torch.full((len(source),), torch.nan)
        if moved.flat is None
        else moved.flat.double() / (moved.steps + 1).double().clamp_min(1),
        promise=torch.full((len(source),), torch.nan, dtype=torch.float64),
    )
