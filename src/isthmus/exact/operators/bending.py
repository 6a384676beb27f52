"""Operators on single numbers that are affine between levels: ReLU and its relatives, and the larger of two numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from isthmus.exact.levels import crossings
from isthmus.exact.operators.affine import Args, Named
from isthmus.exact.operators.arguments import constant, finished, only_piece, out_of_place, pieces_among
from isthmus.exact.operators.refusal import NotPiecewiseAffineError, name_of
from isthmus.exact.pieces import Pieces, Waiting, together

Levels = Callable[[Args, Named], Sequence[float | Tensor | None]]


def bends_at(levels: Levels, *, constant_below: bool = False) -> Callable[..., Any]:
    """An operator on single numbers that is affine between some levels.

    Args:
        levels: the levels, from the arguments; None for those that are not asked for.
        constant_below: whether it does not change below its one level and rises above it, as ReLU does; it waits
            then, so that max-pooling may go first.
    """

    def rule(function: Any, args: Args, kwargs: Named) -> Any:
        piece = only_piece(function, args, kwargs)
        asked = list(levels(args, kwargs))
        found = [float(level) for level in asked if level is not None and not isinstance(level, Tensor)]
        if len(found) < sum(level is not None for level in asked):
            raise NotPiecewiseAffineError(name_of(function), "has tensors as its bounds")
        plain = out_of_place(function)

        def values(numbers: Tensor) -> Any:
            return plain(numbers, *args[1:], **kwargs)

        def finish(before: Pieces) -> Pieces:
            return before.mapped(crossings(before.knots, before.numbers, found), values)

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
        raise NotPiecewiseAffineError(name_of(function), f"jumps from {args[2]} to {args[1]}")
    return bends_at(lambda args, kwargs: [args[1]], constant_below=True)(function, args, kwargs)


def bounds(args: Args, kwargs: Named) -> list[float | Tensor | None]:
    """Both bounds of clamp(x, min, max)."""
    low = args[1] if len(args) > 1 else kwargs.get("min")
    high = args[2] if len(args) > 2 else kwargs.get("max")
    return [low, high]


def bounds_of_hardtanh(args: Args, kwargs: Named) -> list[float | None]:
    """Both bounds of hardtanh(x, -1, 1)."""
    return [args[1], args[2]] if len(args) > 2 else [-1.0, 1.0]


def around_zero(args: Args, kwargs: Named) -> list[float | None]:
    """Both bounds of softshrink(x, 0.5)."""
    size = args[1] if len(args) > 1 else 0.5
    return [-size, size]


def larger_or_smaller(function: Any, args: Args, kwargs: Named) -> Any:
    """maximum(x, y) and minimum(x, y): they bend where the two are equal."""
    pieces = pieces_among(args, kwargs)
    joined = iter(together(pieces))
    one, other = [next(joined) if isinstance(each, Pieces) else constant(function, each, pieces[0]) for each in args]
    first = one if isinstance(one, Pieces) else other
    values = [each.numbers if isinstance(each, Pieces) else each for each in (one, other)]
    extra = crossings(first.knots, torch.sub(*values), [0.0])
    both = [each.mapped(extra, lambda numbers: numbers) if isinstance(each, Pieces) else each for each in (one, other)]
    made = function(*[each.numbers if isinstance(each, Pieces) else each for each in both])
    return next(each for each in both if isinstance(each, Pieces)).with_numbers(made)
