"""Functions of PyTorch that are followed as they are called: what they are made of would move the batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from isthmus.certificates.affine_pieces.operators.affine import Args, Named, affine
from isthmus.certificates.affine_pieces.operators.cancellation import watched
from isthmus.certificates.following import by_operators
from isthmus.certificates.following.arguments import check_readable, single_followed
from isthmus.certificates.following.dispatch import refuse_unseen


def on_sequences(function: Any, args: Args, kwargs: Named) -> bool:
    """linear(x, weight, bias), matmul(x, weight) and matmul(weight, x), of x (1, ..., n, channels)."""
    piece = single_followed(args, kwargs)
    constants = [each for each in (*args, *kwargs.values()) if isinstance(each, Tensor) and each is not piece]
    return piece is not None and piece.ndim > 2 and all(each.ndim <= 2 for each in constants)


def padded(function: Any, args: Args, kwargs: Named) -> bool:
    """pad(x, sizes, mode): in a circle it would assign to parts of a tensor."""
    return single_followed(args, kwargs) is not None


def summed(function: Any, args: Args, kwargs: Named) -> bool:
    """einsum("b...->b...", x, ...) with one operand that depends on the input, whose first axis nobody else has."""
    equation, operands = args[0], args[1:]
    piece = single_followed(args, kwargs)
    if not isinstance(equation, str) or "->" not in equation or piece is None:
        return False
    before, after = equation.replace(" ", "").split("->")
    batch = "..." if after.startswith("...") else after[:1]
    named = list(zip(operands, before.split(","), strict=False))
    own = next(names for each, names in named if each is piece)
    others = [names for each, names in named if each is not piece]
    covered = batch != "..." or piece.ndim > len(own.replace("...", ""))
    return bool(batch) and covered and own.startswith(batch) and not any(batch in names for names in others)


# When a function treats all members of a batch alike, so that it may work on the values at knots.
FUNCTIONS: dict[Any, Callable[[Any, Args, Named], bool]] = {
    functional.linear: on_sequences,
    torch.matmul: on_sequences,
    torch.Tensor.matmul: on_sequences,
    functional.pad: padded,
    torch.einsum: summed,
}


def call(function: Any, args: Sequence[Any], kwargs: Named) -> Any:
    """What a function gives; where nothing is known of it, by the operators that it is made of.

    Raises:
        CannotFollowError: it cannot be followed.
    """
    refuse_unseen(function)
    if function is torch.Tensor.to and kwargs.get("memory_format") not in (None, torch.preserve_format):
        # Whether this copies is known for the network alone, as with contiguous().
        laid_out = by_operators(torch.Tensor.clone, args[:1], {"memory_format": kwargs["memory_format"]})
        args, kwargs = (laid_out, *args[1:]), {name: each for name, each in kwargs.items() if name != "memory_format"}
    treats_batch_alike = FUNCTIONS.get(function)
    if treats_batch_alike is not None and treats_batch_alike(function, args, kwargs):
        check_readable(function, args, kwargs)
        piece = single_followed(args, kwargs)
        return watched(lambda: affine(function, args, kwargs), function, args, kwargs, piece)
    return by_operators(function, args, kwargs)
