"""Operators that take the largest of a group: max-pooling and maxima along axes."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import torch
from torch import Tensor

from isthmus.certificates.affine_pieces.envelope import changes_of_the_largest
from isthmus.certificates.affine_pieces.levels import crossings
from isthmus.certificates.affine_pieces.operators.affine import Args, Named
from isthmus.certificates.affine_pieces.pieces import Pieces, in_rows, layout
from isthmus.certificates.following import CannotFollowError, name_of

aten = torch.ops.aten


def max_pool(dimensions: int) -> Callable[..., Any]:
    """Windows of one size: x, kernel, stride, padding, dilation, ceil_mode; with or without indices."""
    operator = aten.max_pool2d_with_indices if dimensions == 2 else aten.max_pool3d_with_indices

    def rule(function: Any, args: Args, kwargs: Named) -> Any:
        kernel, stride, padding, dilation = (_each(arg, dimensions) for arg in args[1:5])
        stride = stride or kernel
        ceil = args[5]

        def pool(numbers: Tensor) -> tuple[Tensor, Tensor]:
            result: tuple[Tensor, Tensor] = operator(numbers, kernel, stride, padding, dilation, ceil)
            return result

        def places(axis: int, size: int, count: int) -> Tensor:
            begin = torch.arange(count)[:, None] * stride[axis] - padding[axis]
            found = begin + torch.arange(kernel[axis]) * dilation[axis]
            return torch.where((found >= 0) & (found < size), found, -1)

        return _pooled(function, args[0], dimensions, pool, places)

    return rule


def adaptive_max_pool(dimensions: int) -> Callable[..., Any]:
    """Windows that cover the image, so many: x, output_size; with indices."""

    def rule(function: Any, args: Args, kwargs: Named) -> Any:
        def pool(numbers: Tensor) -> tuple[Tensor, Tensor]:
            result: tuple[Tensor, Tensor] = function(numbers, *args[1:], **kwargs)
            return result

        def places(axis: int, size: int, count: int) -> Tensor:
            number = torch.arange(count)[:, None]
            begin, end = number * size // count, -(-(number + 1) * size // count)
            found = begin + torch.arange(int((end - begin).max()))
            return torch.where(found < end, found, -1)

        return _pooled(function, args[0], dimensions, pool, places)

    return rule


def _each(argument: Any, dimensions: int) -> list[int]:
    listed = list(argument) if isinstance(argument, list | tuple) else [argument]
    return listed * dimensions if len(listed) == 1 else listed


def _pooled(
    function: Any,
    piece: Pieces,
    dimensions: int,
    pool: Callable[[Tensor], tuple[Tensor, Tensor]],
    places: Callable[[int, int, int], Tensor],
) -> Any:
    """The largest number of every window.

    Args:
        function: the operator.
        piece: x (1, channels, *sizes).
        dimensions: number of the axes that are pooled.
        pool: largest numbers, and where in their channel they are.
        places: for an axis, its size and the number of windows: where the members are (windows, members), -1 for none.
    """
    if piece.ndim != dimensions + 2:
        raise CannotFollowError(name_of(function), f"is given {piece.ndim} axes, of which the first is no batch")
    waiting = piece.waiting
    before = piece if waiting is None else waiting.before
    values = before.numbers.contiguous(memory_format=layout(before.numbers))
    numbers, winner = pool(values)
    winner = winner.contiguous(memory_format=layout(values))
    sizes, counts = before.shape[2:], numbers.shape[2:]
    tables = [places(axis, sizes[axis], counts[axis]).to(winner.device) for axis in range(dimensions)]

    channels_last = layout(values) is torch.channels_last
    strides = values.stride()[1:]

    def members(group: Tensor) -> Tensor:
        """Where in a row of memory the members of windows are, which are numbered as memory has them."""
        channel = group % before.shape[1] if channels_last else group // prod(counts)
        rest = group // before.shape[1] if channels_last else group % prod(counts)
        index = (channel * strides[0])[:, None]
        there = torch.ones_like(index, dtype=torch.bool)
        for axis in reversed(range(dimensions)):
            at = tables[axis][rest % counts[axis]][:, None]
            rest = rest // counts[axis]
            index = (index[:, :, None] + at.clamp_min(0) * strides[axis + 1]).flatten(1)
            there = (there[:, :, None] & (at >= 0)).flatten(1)
        return torch.where(there, index, -1)

    extra = changes_of_the_largest(
        before.knots, in_rows(values), in_rows(winner), members, floor=-torch.inf if waiting is None else waiting.level
    )
    if waiting is None:
        largest = before.mapped(extra, lambda some: pool(some)[0], known=numbers)
    else:
        same = in_rows(winner)
        extra = torch.cat([extra, crossings(before.knots, numbers, [waiting.level], where=same[1:] == same[:-1])])
        bend = waiting.function
        largest = before.mapped(extra, lambda some: bend(pool(some)[0]), known=bend(numbers))
    return (largest, before.with_numbers(winner)) if _tells_places(function) else largest


def _tells_places(function: Any) -> bool:
    """Whether an operator also says where the largest is; whoever reads that is refused, since it jumps."""
    return len(function._schema.returns) > 1


def largest_along(function: Any, args: Args, kwargs: Named) -> Any:
    """amax(x, dims, keepdim) and max(x, dim, keepdim)."""
    piece = args[0]
    axes, keep = args[1:3] if len(args) > 1 else ([], False)
    listed = [axis % piece.ndim for axis in (axes if isinstance(axes, list | tuple) else [axes])]
    if not listed or 0 in listed:
        raise CannotFollowError(name_of(function), "works along the batch")
    kept = [axis for axis in range(1, piece.ndim) if axis not in listed]
    order = [0, *kept, *listed]
    shape = [piece.shape[axis] for axis in kept]
    grouped = piece.numbers.permute(order).reshape(len(piece.knots), prod(shape), -1)
    size = grouped.shape[2]

    def members(group: Tensor) -> Tensor:
        index: Tensor = group[:, None] * size + torch.arange(size, device=group.device)
        return index

    winner = grouped.argmax(2)
    extra = changes_of_the_largest(piece.knots, grouped.flatten(1), winner, members)
    result = piece.mapped(extra, lambda numbers: numbers.amax(listed, keepdim=keep))
    return (result, piece.with_numbers(winner)) if _tells_places(function) else result


def smallest_along(function: Any, args: Args, kwargs: Named) -> Any:
    """amin(x, dims, keepdim) and min(x, dim, keepdim): the smallest is minus the largest of minus x."""
    piece = args[0]
    result = largest_along(function, [piece.with_numbers(-piece.numbers), *args[1:]], kwargs)
    largest, *places = result if isinstance(result, tuple) else (result,)
    smallest = largest.with_numbers(-largest.numbers)
    return (smallest, *places) if places else smallest
