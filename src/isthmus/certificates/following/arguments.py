"""Arguments of operators: which of them depend on the input, and what in-place operators do with the result."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from isthmus.certificates.following.followed import Followed, followed_among
from isthmus.certificates.following.refusal import CannotFollowError, name_of


def check_readable(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], *, places: bool = False) -> None:
    """Refuses to read what is not known any more, and where the largest of a group is, unless places may be read.

    Raises:
        CannotFollowError: an argument is not to be read.
    """
    for each in followed_among(args, kwargs):
        if each.stale:
            raise CannotFollowError(name_of(function), "uses a tensor that was changed in place through a view")
        if not each.is_floating_point() and not places:
            raise CannotFollowError(name_of(function), "reads where the largest of a group is, which jumps")


def with_defaults(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """All arguments that may be given by place, by place: PyTorch leaves out those that equal their defaults."""
    full, named = list(args), dict(kwargs)
    for argument in _by_place(function)[len(args) :]:
        if argument.name in named:
            full.append(named.pop(argument.name))
        elif argument.has_default_value():
            full.append(argument.default_value)
        else:
            break
    return full, named


@functools.cache
def writes_out(function: Any) -> bool:
    """Whether an operator writes its result into a tensor that it is given for that."""
    return any(argument.is_out for argument in function._schema.arguments)


@functools.cache
def _by_place(function: Any) -> list[Any]:
    return list(itertools.takewhile(lambda argument: not argument.kwarg_only, function._schema.arguments))


def single_followed(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The one argument that depends on the input; None where there are several, or it is in a list."""
    found = followed_among(args, kwargs)
    return found[0] if len(found) == 1 and any(found[0] is each for each in (*args, *kwargs.values())) else None


def only_followed(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """The same of an operator that must not have several."""
    found = single_followed(args, kwargs)
    if found is None:
        raise CannotFollowError(name_of(function), "takes several tensors that depend on the input")
    return found


def constant(function: Any, value: Any, beside: Followed) -> Any:
    """An argument that does not depend on the input, which must treat every member of a batch alike."""
    if isinstance(value, Tensor) and (
        value.ndim > beside.ndim or (value.ndim == beside.ndim and value.ndim and value.shape[0] != 1)
    ):
        raise CannotFollowError(name_of(function), "mixes the members of a batch")
    return value


def is_in_place(function: Any) -> bool:
    """Whether an operator changes its first argument."""
    name = name_of(function)
    return name.endswith("_") and not name.endswith("__")


def out_of_place(function: Any) -> Any:
    """The same operator on fresh memory: values at knots may be shared by views."""
    return getattr(torch.ops.aten, name_of(function)[:-1]) if is_in_place(function) else function


def in_place(function: Any) -> Any:
    """The same operator on the memory of its first argument, where there is one; else the operator."""
    return function if is_in_place(function) else getattr(torch.ops.aten, f"{name_of(function)}_", function)


def finished(function: Any, target: Any, result: Any) -> Any:
    """The result, which an in-place operator also puts into its first argument."""
    if not is_in_place(function):
        return result
    if not isinstance(target, Followed):
        raise CannotFollowError(name_of(function), "puts what depends on the input into a tensor that does not")
    if target.shape != result.shape:
        raise CannotFollowError(name_of(function), "changes the shape of its tensor")
    if target.dtype != result.dtype:  # which is as wide as the other argument's
        result = result.in_type(target.dtype)
    return target.become(result)
