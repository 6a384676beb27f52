"""Checks of inputs and targets, each with one line that says what was expected, what came and what to do."""

from __future__ import annotations

import torch
from torch import Tensor

from isthmus.errors import DomainError, InputError
from isthmus.inputs.kinds import Images, InputKind
from isthmus.landscapes.domains import Domain

WHOLE = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)


def check_inputs(name: str, x: Tensor, domain: Domain, kind: InputKind | None = None) -> None:
    """X is a finite floating-point batch (n, *input), n >= 1, inside the domain up to 1e-6; a kind of inputs can say of
    one that is not what about it is strange.
    """
    if not isinstance(x, Tensor):
        raise InputError(f"{name} must be a tensor or a NumPy array (n, *input), got {type(x).__name__}.")
    if x.layout is not torch.strided or x.is_meta:
        what = "without numbers (meta)" if x.is_meta else f"of the layout {x.layout}; use x.to_dense()"
        raise InputError(f"{name} must be a plain tensor (n, *input), got one {what}.")
    if not x.is_floating_point():
        raise InputError(
            f"{name} must hold floating-point numbers in data units, got {x.dtype}; "
            "8-bit images are divided by 255: x.float() / 255."
        )
    if x.ndim < 2 or len(x) == 0 or x[0].numel() == 0:
        raise InputError(f"{name} must be a non-empty batch (n, *input), got shape {tuple(x.shape)}.")
    bad = (~x.isfinite().flatten(1).all(1)).nonzero()[:, 0]
    if len(bad):
        raise InputError(
            f"{name} must be finite, got NaN or infinity in {len(bad)} of {len(x)} inputs "
            f"(first: number {int(bad[0])})."
        )
    outside = (~domain.contains(x)).nonzero()[:, 0]
    if len(outside):
        low, high = float(x.min()), float(x.max())
        cause = _likely_cause(low, high) if kind is None or isinstance(kind, Images) else ""
        strange = "" if kind is None or x[0].shape != kind.shape else kind.strange(x[int(outside[0])])
        first = f" (number {int(outside[0])}: {strange})" if strange else ""
        raise DomainError(
            f"{name} must lie in the domain {repr(domain)[:60]}, got {len(outside)} of {len(x)} inputs outside{first}, "
            f"values from {low:.4g} to {high:.4g}{cause}; or give the landscape the domain that you mean."
        )


def _likely_cause(low: float, high: float) -> str:
    if low >= 0 and 2 < high <= 255:
        return " (0-255 data? divide by 255)"
    if -10 < low < 0 and high < 10:
        return " (already normalised? Isthmus normalises inside the network: pass pixels in [0, 1])"
    return ""


def check_targets(target: Tensor, count: int, name: str = "target") -> None:
    """Target holds one whole number an input."""
    if not isinstance(target, Tensor) or target.dtype not in WHOLE:
        kind = target.dtype if isinstance(target, Tensor) else type(target).__name__
        raise InputError(f"{name} must hold class indices (n,), as an int64 tensor or array does, got {kind}.")
    if tuple(target.shape) != (count,):
        raise InputError(f"{name} must have shape ({count},), one class each, got {tuple(target.shape)}.")


def check_target_range(target: Tensor, classes: int, name: str = "target") -> None:
    """Every target is a class of the network."""
    target = target.long()  # of small whole numbers even the number of classes may be none
    if bool(((target < 0) | (target >= classes)).any()):
        bad = int(target[(target < 0) | (target >= classes)][0])
        raise InputError(f"{name} must lie in 0 ... {classes - 1} ({classes} classes), got {bad}.")
