"""What callers give a landscape: arrays or tensors as inputs; numbers, names or "predicted" as targets."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from isthmus._core.given import tensor_of
from isthmus._core.shapes import AnyTargets, Index, Inputs, Targets
from isthmus.errors import InputError, NetworkError
from isthmus.inputs.labels import named_class
from isthmus.landscapes.base import AbstractLandscape
from isthmus.landscapes.validation import check_target_range, check_targets

PREDICTED = "predicted"


def targets_of(
    landscape: AbstractLandscape, target: AnyTargets, count: int, inputs: Sequence[Inputs], *, name: str = "target"
) -> Targets:
    """The class of each of so many things, on the CPU.

    Args:
        landscape: the landscape.
        target: as the caller gave it.
        count: of things.
        inputs: the inputs of which they consist, each (count, *input), checked: where the target is to be the class
            predicted, it is that of all of them.
        name: what the caller calls the target.

    Raises:
        InputError: no such class, another number of classes than of things, or inputs of one thing that are not seen as
            one class.
    """
    if isinstance(target, str) and target == PREDICTED:
        return _predicted(landscape, inputs, name)
    if isinstance(target, np.ndarray) and target.dtype.kind == "U":
        target = [str(each) for each in target.ravel()]
    if isinstance(target, str) or (
        isinstance(target, Sequence) and target and all(isinstance(each, str) for each in target)
    ):
        names = [target] if isinstance(target, str) else list(target)
        found = torch.tensor([class_named(str(each), landscape.class_names, name) for each in names])
        found = found.expand(count) if isinstance(target, str) else found
    else:
        found = _numbers(target, count, name)
    check_targets(found, count, name)
    found = found.detach().cpu().long().clone()
    if landscape.classes is not None:
        check_target_range(found, landscape.classes, name)
    return found


def _numbers(target: Any, count: int, name: str) -> Tensor:
    if isinstance(target, bool | np.bool_):
        raise InputError(f"{name} must be a class index, a class name or '{PREDICTED}', got {target!r}.")
    if isinstance(target, int | np.integer):
        return torch.full((count,), _small(int(target), name))
    if isinstance(target, Sequence) and all(
        isinstance(each, int | np.integer) and not isinstance(each, bool) for each in target
    ):
        return torch.tensor([_small(int(each), name) for each in target], dtype=torch.long)
    if isinstance(target, Tensor | np.ndarray) or hasattr(target, "__array__"):
        given = tensor_of(name, target)
        return given.expand(count) if given.ndim == 0 else given
    raise InputError(
        f"{name} must be class indices (int64) or names of classes, one or one each ({count},), or '{PREDICTED}', "
        f"got {type(target).__name__}."
    )


def _small(index: int, name: str) -> int:
    if not -(2**63) <= index < 2**63:
        raise InputError(f"{name} must be a class index, got {index}.")
    return index


def class_named(text: str, class_names: Sequence[str] | None, name: str) -> int:
    """The class that a text names; raises an InputError, in which it is called so, where there is none."""
    found = named_class(text, class_names)
    if found is not None:
        return found
    if not class_names:
        raise InputError(f"{name} '{text}': the network has no names of classes; give a class index.")
    near = difflib.get_close_matches(text, class_names, 3, 0.5) or list(class_names[:3])
    twice = [index for index, each in enumerate(class_names) if each.lower() == text.lower()]
    hint = f"it is the name of {len(twice)} classes: {twice}" if len(twice) > 1 else f"the names are like {near}"
    raise InputError(f"{name} '{text}' is no class of the network; {hint}.")


def _predicted(landscape: AbstractLandscape, inputs: Sequence[Inputs], name: str) -> Targets:
    if not inputs:
        raise InputError(f"{name} '{PREDICTED}' needs inputs whose class could be predicted; give a class.")
    seen: list[Index] = []
    for x in inputs:
        logits = landscape.logits_of(x).cpu()
        if bool(logits.isnan().any()):
            raise NetworkError(f"{name} '{PREDICTED}': the network returns NaN for an input; give a class.")
        seen.append(logits.argmax(1))
    apart = sum((each != seen[0] for each in seen[1:]), torch.zeros(len(seen[0]), dtype=torch.bool)).nonzero()
    if len(apart):
        first = int(apart[0])
        classes = ", ".join(str(int(each[first])) for each in seen)
        raise InputError(
            f"{name} '{PREDICTED}' needs inputs that the network sees as one class; {len(apart)} of {len(seen[0])} "
            f"are not so (first: number {first}, seen as {classes}): give the class that you mean."
        )
    return seen[0]
