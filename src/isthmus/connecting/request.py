"""What connect is asked for: ends, targets and thresholds, checked, as tensors."""

from __future__ import annotations

from typing import NamedTuple

import torch

from isthmus._core.given import numbers_of, tensor_of
from isthmus._core.shapes import AnyInputs, AnyLosses, AnyTargets, Inputs, Losses, Targets
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.landscapes.arguments import targets_of
from isthmus.landscapes.validation import check_inputs, check_target_range


class Request(NamedTuple):
    """Ends a, c (n, *input) of n pairs, their classes (n,), and their thresholds (n,) where these were given."""

    a: Inputs
    c: Inputs
    target: Targets
    thresholds: Losses | None


def checked(
    landscape: AbstractLandscape, a: AnyInputs, c: AnyInputs, target: AnyTargets, threshold: AnyLosses | None
) -> Request:
    """The same as tensors; raises an InputError of one line where something cannot be used."""
    a, c = tensor_of("a", a), tensor_of("c", c)
    check_inputs("a", a, landscape.domain, landscape.input_kind)
    check_inputs("c", c, landscape.domain, landscape.input_kind)
    if a.shape != c.shape or a.dtype != c.dtype:
        raise InputError(
            f"a and c must have the same shape and type, got {tuple(a.shape)} {a.dtype} and {tuple(c.shape)} {c.dtype}."
        )
    targets = targets_of(landscape, target, len(a), [a, c])
    landscape.try_out(torch.cat([a[:2], c[:1]]))
    if landscape.classes is None:
        with landscape.fixed():
            landscape.evaluate(a[:1], targets[:1], validated=True)
    if landscape.classes is not None:
        check_target_range(targets, landscape.classes)
    return Request(a, c, targets, None if threshold is None else _thresholds(threshold, len(a)))


def _thresholds(threshold: AnyLosses, count: int) -> Losses:
    limits = numbers_of("threshold", threshold)
    if limits.ndim > 1 or limits.numel() not in (1, count):
        raise InputError(f"threshold must be a number or one a pair ({count},), got shape {tuple(limits.shape)}.")
    if bool(limits.isnan().any()):
        raise InputError("threshold must be a number, got NaN.")
    return limits.reshape(-1).expand(count) if limits.numel() == 1 else limits
