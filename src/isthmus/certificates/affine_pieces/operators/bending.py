"""Operators on single numbers that are affine between levels: ReLU and its relatives, and the larger of two numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from isthmus.certificates.affine_pieces.levels import crossings
from isthmus.certificates.affine_pieces.operators.affine import Args, Named
from isthmus.certificates.affine_pieces.pieces import Pieces, Waiting, together
from isthmus.certificates.following import CannotFollowError, followed_among, name_of
from isthmus.certificates.following.arguments import (
    constant,
    finished,
    in_place,
    only_followed,
    out_of_place,
)

Levels = Callable[[Args, Named], Sequence[float | Tensor | None]]


def bends_at(levels: Levels, *, constant_below: bool = False) -> Callable[..., Any]:
    """An operator on single numbers that is affine between some levels.

    Args:
        levels: the levels, from the arguments; None for those that are not asked for.
        constant_below: whether it does not change below its one level and rises above it, as ReLU does; it waits
            then, so that max-pooling may go first.
    """

    def rule(function: Any, args: Args, kwargs: Named) -> Any:
        piece = only_followed(function, args, kwargs)
        if piece is not args[0]:
            raise CannotFollowError(name_of(function), "has weights that depend on the input")
        asked = list(levels(args, kwargs))
        found = [float(level) for level in asked if level is not None and not isinstance(level, Tensor)]
        if len(found) < sum(level is not None for level in asked):
            raise CannotFollowError(name_of(function), "has tensors as its bounds")
        plain, overwriting = out_of_place(function), in_place(function)

        def values(numbers: Tensor) -> Any:
            return plain(numbers, *args[1:], **kwargs)

        def finish(before: Pieces) -> Pieces:
            made = before.on(crossings(before.knots, before.numbers, found))
            if made.numbers is before.numbers:
                return made.with_numbers(values(made.numbers))
            return made.with_numbers(overwriting(made.numbers, *args[1:], **kwargs))  # nobody else has them

        if constant_below and len(asked) == 1:
            result = piece.wait_for(
                Waiting(piece.snapshot(), found[0], name_of(function).removesuffix("_"), values, finish)
            )
        else:
            result = finish(piece)
        return finished(function, args[0], result)

    return rule


def threshold(function: Any, args: Args, kwargs: Named) -> Any:
    """X above a threshold, a constant below it: without a jump only where the two are the same."""
    if args[1] != args[2]:
        raise CannotFollowError(name_of(function), f"jumps from {args[2]} to {args[1]}")
    return bends_at(lambda args, kwargs: [args[1]], constant_below=True)(function, args, kwargs)


def bounds(args: Args, kwargs: Named) -> list[float | Tensor | None]:
    """Both bounds of clamp(x, min, max) and hardtanh(x, min, max)."""
    return list(args[1:3])


def around_zero(args: Args, kwargs: Named) -> list[float | Tensor | None]:
    """Both bounds of softshrink(x, size)."""
    return [-args[1], args[1]]


def larger_or_smaller(function: Any, args: Args, kwargs: Named) -> Any:
    """maximum(x, y) and minimum(x, y): they bend where the two are equal."""
    pieces = followed_among(args, kwargs)
    if len({piece.ndim for piece in pieces}) > 1:
        raise CannotFollowError(name_of(function), "joins tensors of different numbers of axes")
    joined = iter(together(pieces))
    one, other = [next(joined) if isinstance(each, Pieces) else constant(function, each, pieces[0]) for each in args]
    first = one if isinstance(one, Pieces) else other
    values = [each.numbers if isinstance(each, Pieces) else each for each in (one, other)]
    extra = crossings(first.knots, torch.sub(*values), [0.0])
    both = [each.on(extra) if isinstance(each, Pieces) else each for each in (one, other)]
    made = function(*[each.numbers if isinstance(each, Pieces) else each for each in both])
    return next(each for each in both if isinstance(each, Pieces)).with_numbers(made)
