"""Affine operators: they act on the values at the knots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from isthmus.certificates.affine_pieces.pieces import Pieces, together
from isthmus.certificates.following import CannotFollowError, followed_among, name_of
from isthmus.certificates.following.arguments import constant, finished, only_followed, out_of_place

aten = torch.ops.aten
Args = Sequence[Any]
Named = Mapping[str, Any]


def affine(function: Any, args: Args, kwargs: Named) -> Any:
    """An operator of one function of t that treats every member of a batch alike."""
    piece = only_followed(function, args, kwargs)
    named = {name: each.numbers if each is piece else each for name, each in kwargs.items()}
    result = function(*[each.numbers if each is piece else each for each in args], **named)
    if isinstance(result, tuple):  # batch norm also gives statistics, which nobody reads in eval mode
        return (_wrapped(function, piece, result[0]), *result[1:])
    return _wrapped(function, piece, result)


def several(function: Any, args: Args, kwargs: Named) -> list[Pieces]:
    """The same for an operator that gives a list, such as a split along another axis than the batch."""
    piece = only_followed(function, args, kwargs)
    results = function(*[each.numbers if each is piece else each for each in args], **kwargs)
    return [_wrapped(function, piece, result) for result in results]


def _wrapped(function: Any, piece: Pieces, result: Tensor) -> Pieces:
    if result.shape[:1] != piece.numbers.shape[:1]:
        raise CannotFollowError(name_of(function), "mixes the members of a batch")
    if piece.numbers.is_floating_point() and not result.is_floating_point():
        raise CannotFollowError(name_of(function), "makes whole numbers of what depends on the input")
    made = piece.with_numbers(result)
    shared = result.untyped_storage()._cdata == piece.numbers.untyped_storage()._cdata
    return made.view_of(piece) if shared else made


def batch_norm(function: Any, args: Args, kwargs: Named) -> Any:
    """native_batch_norm(input, weight, bias, mean, var, training, ...)."""
    if True in args[5:6]:
        raise CannotFollowError(name_of(function), "normalises with statistics of the batch; call eval()")
    return affine(function, args, kwargs)


def linear(function: Any, args: Args, kwargs: Named) -> Any:
    """addmm(bias, x, weight) and mm(x, weight)."""
    piece = args[1 if function.overloadpacket is aten.addmm else 0]
    if not isinstance(piece, Pieces):
        raise CannotFollowError(name_of(function), "has the input on its right side")
    constant(function, args[0], piece)
    return affine(function, args, kwargs)


def batched_linear(function: Any, args: Args, kwargs: Named) -> Any:
    """bmm(x, weight) with a batch of one."""
    if not isinstance(args[0], Pieces):
        raise CannotFollowError(name_of(function), "has the input on its right side")
    constant(function, args[1], args[0])
    return affine(aten.matmul.default, args, kwargs)


def total(function: Any, args: Args, kwargs: Named) -> Any:
    """Sums and differences, of functions of t and constants; and choices among such by a constant mask."""
    pieces = followed_among(args, kwargs)
    if len({piece.ndim for piece in pieces}) > 1:
        raise CannotFollowError(name_of(function), "joins tensors of different numbers of axes")
    joined = iter(together(pieces))
    plain = [next(joined) if isinstance(each, Pieces) else constant(function, each, pieces[0]) for each in args]
    made = out_of_place(function)(*[each.numbers if isinstance(each, Pieces) else each for each in plain], **kwargs)
    first = next(each for each in plain if isinstance(each, Pieces))
    return finished(function, args[0], first.with_numbers(made))


def mixture(function: Any, args: Args, kwargs: Named) -> Any:
    """lerp(x, y, weight) by a weight that is constant."""
    if isinstance(args[2], Pieces):
        raise CannotFollowError(name_of(function), "has weights that depend on the input")
    return total(function, args, kwargs)


def product(function: Any, args: Args, kwargs: Named) -> Any:
    """A function of t times a constant, or over a constant."""
    over = function.overloadpacket in (aten.div, aten.div_) and not isinstance(args[0], Pieces)
    if len(followed_among(args, kwargs)) != 1 or over or kwargs.get("rounding_mode") is not None:
        raise CannotFollowError(name_of(function), "multiplies or divides by something that depends on the input")
    return total(function, args, kwargs)


def concatenate(function: Any, args: Args, kwargs: Named) -> Any:
    """Tensors joined along another axis than the batch."""
    parts, axis = args[0], args[1]
    if axis % parts[0].ndim == 0:
        raise CannotFollowError(name_of(function), "works along the batch")
    waiting = [part.waiting if isinstance(part, Pieces) else None for part in parts]
    if waiting[0] is not None and all(each is not None and each.same_as(waiting[0]) for each in waiting):
        before = _joined(function, [each.before for each in waiting if each is not None], axis)
        return before.wait_for(waiting[0]._replace(before=before))
    return _joined(function, parts, axis)


def stack(function: Any, args: Args, kwargs: Named) -> Any:
    """Tensors stacked along a new axis, which is not the first."""
    parts, axis = args[0], args[1]
    if axis % (parts[0].ndim + 1) == 0:
        raise CannotFollowError(name_of(function), "works along the batch")
    return _joined(function, parts, axis)


def _joined(function: Any, parts: Sequence[Any], axis: int) -> Pieces:
    joined = together([part for part in parts if isinstance(part, Pieces)])
    count, rest = len(joined[0].knots), iter(joined)
    values = [
        next(rest).numbers
        if isinstance(part, Pieces)
        else constant(function, part, joined[0]).expand(count, *part.shape[1:])
        for part in parts
        if part.shape != (0,)  # an old way to say nothing
    ]
    return joined[0].with_numbers(function(values, axis))


def clone(function: Any, args: Args, kwargs: Named) -> Pieces:
    """A copy. One with a layout may come from contiguous(), which for the network itself may be no copy."""
    piece: Pieces = args[0]
    wanted = kwargs.get("memory_format")
    if wanted in (None, torch.preserve_format):
        return piece.with_numbers(piece.numbers)  # operators never change numbers, so they may be shared
    made = piece.with_numbers(piece.numbers.contiguous(memory_format=wanted))
    made.view_of(piece)
    return made


def like(function: Any, args: Args, kwargs: Named) -> Any:
    """A constant in the shape of something that depends on the input."""
    return function(args[0].numbers[:1], *args[1:], **kwargs)
