"""Dispatch: from an operator, or a function, to the rule that says what it does to what is followed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from isthmus.certificates.following.arguments import check_readable, with_defaults, writes_out
from isthmus.certificates.following.refusal import CannotFollowError, name_of

# What would be passed over: name, and what it does.
REFUSED = {
    torch.Tensor.data.__set__: (  # type: ignore[attr-defined]
        "data",
        "puts another tensor in the place of one",
    ),
    torch.Tensor.numpy: ("numpy", "leaves PyTorch"),
    torch.Tensor.tolist: ("tolist", "leaves PyTorch"),
    torch.Tensor.__array__: ("__array__", "leaves PyTorch"),
}


def rule_for(
    rules: Mapping[Any, Callable[..., Any]],
    function: Any,
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    *,
    unknown: str,
    places: bool = False,
) -> tuple[Callable[..., Any], list[Any], dict[str, Any]]:
    """The rule of an operator, and its arguments with their defaults.

    Args:
        rules: by operator.
        function: the operator, in one of its overloads.
        args, kwargs: what it was called with.
        unknown: what is said of an operator without a rule, after its name.
        places: whether it may read where the largest of a group is.

    Raises:
        CannotFollowError: there is no rule, or an argument is not to be read.
    """
    if writes_out(function):
        raise CannotFollowError(name_of(function), "writes into a tensor that is given as out")
    check_readable(function, args, kwargs, places=places)
    rule = rules.get(function.overloadpacket)
    if rule is None:
        raise CannotFollowError(name_of(function), unknown)
    return rule, *with_defaults(function, args, kwargs)


def refuse_unseen(function: Any) -> None:
    """Raises where a function would leave what is followed without an operator that shows it.

    Raises:
        CannotFollowError: it would.
    """
    if function in REFUSED:
        raise CannotFollowError(*REFUSED[function])
