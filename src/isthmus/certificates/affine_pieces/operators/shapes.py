"""Operators that give another shape, or work along axes: the batch must stay where it is, and alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from isthmus.certificates.affine_pieces.operators.affine import Args, Named, affine, several
from isthmus.certificates.following import CannotFollowError, name_of

aten = torch.ops.aten


def shaped(function: Any, args: Args, kwargs: Named) -> Any:
    """view(x, size) and the like: an operator that is given a new shape, of which the first axis is the batch."""
    piece = args[0]
    if not isinstance(args[1], list | tuple):
        raise CannotFollowError(name_of(function), f"reads numbers as {args[1]}")
    size = list(args[1])
    if function.overloadpacket is aten.expand:  # -1 keeps an axis there
        if len(size) > piece.ndim:
            raise CannotFollowError(name_of(function), "moves the batch")
        kept = [1] * (len(size) - piece.ndim) + list(piece.shape)
        size = [own if wanted == -1 else wanted for own, wanted in zip(kept, size, strict=True)]
    elif -1 in size:
        known = -torch.Size(size).numel()
        size[size.index(-1)] = piece.numel() // max(1, known)
    if not size or size[0] != 1:
        raise CannotFollowError(name_of(function), f"gives the shape {size}, of which the first is no batch")
    # `view` wants a layout that values at knots need not have.
    reshape = function.overloadpacket in (aten.view, aten._unsafe_view)
    made = (aten.reshape if reshape else function)(piece.numbers, [len(piece.knots), *size[1:]], *args[2:], **kwargs)
    return piece.with_numbers(made).view_of(piece)


def repeated(function: Any, args: Args, kwargs: Named) -> Any:
    """repeat(x, times), the batch once."""
    if len(args[1]) != args[0].ndim or args[1][0] != 1:
        raise CannotFollowError(name_of(function), "repeats the batch")
    return affine(function, args, kwargs)


def along(place: int, *, then: Callable[..., Any] = affine) -> Callable[..., Any]:
    """An operator along axes, given by the argument at `place`, of which the batch must not be one."""

    def rule(function: Any, args: Args, kwargs: Named) -> Any:
        axes = args[place] if len(args) > place else None
        listed = axes if isinstance(axes, list | tuple) else [0 if axes is None else axes]
        axes_after = args[0].ndim + (function.overloadpacket is aten.unsqueeze)
        if not listed or any(axis % axes_after == 0 for axis in listed):
            raise CannotFollowError(name_of(function), "works along the batch")
        return then(function, args, kwargs)

    return rule


def split_along(place: int) -> Callable[..., Any]:
    """An operator that gives a list of parts."""
    return along(place, then=several)


def transposed(function: Any, args: Args, kwargs: Named) -> Any:
    """transpose(x, one, other)."""
    if any(axis % args[0].ndim == 0 for axis in args[1:]):
        raise CannotFollowError(name_of(function), "moves the batch")
    return affine(function, args, kwargs)


def permuted(function: Any, args: Args, kwargs: Named) -> Any:
    """permute(x, dims)."""
    if args[1][0] % args[0].ndim != 0:
        raise CannotFollowError(name_of(function), "moves the batch")
    return affine(function, args, kwargs)


def indexed(function: Any, args: Args, kwargs: Named) -> Any:
    """x[:, index]."""
    if not args[1] or args[1][0] is not None:
        raise CannotFollowError(name_of(function), "works along the batch")
    return affine(function, args, kwargs)
