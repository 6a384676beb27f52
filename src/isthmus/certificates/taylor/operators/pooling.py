"""The largest of a group: of windows, and along axes. Members that cannot be the largest anywhere leave no trace."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import torch
from torch import Tensor

from isthmus.certificates.following import CannotFollowError, name_of
from isthmus.certificates.taylor.enclosure import Enclosure
from isthmus.certificates.taylor.model import Args, Model, Named
from isthmus.certificates.taylor.operators.kinks import larger
from isthmus.certificates.taylor.operators.sums import scaled


def largest(members: list[Model], there: list[Tensor]) -> Model:
    """The largest of members (n, *rest), where they are there (*rest): each holds in some places only."""
    found, known = members[0], there[0]
    for member, here in zip(members[1:], there[1:], strict=True):
        both = larger(member, found)
        coefficients = torch.where(
            known & here, both.coefficients, torch.where(here, member.coefficients, found.coefficients)
        )
        radius = torch.where(known & here, both.radius, torch.where(here, member.radius, found.radius))
        found, known = found.made(Enclosure(coefficients, radius)), known | here
    return found


def max_pool(dimensions: int) -> Any:
    """max_pool(x, kernel, stride, padding, dilation, ceil_mode), with places that nobody may read."""

    def rule(function: Any, args: Args, kwargs: Named) -> Any:
        x, kernel, stride, padding, dilation, ceil = (*args, *(None,) * (6 - len(args)))[:6]
        kernel = _each(kernel, dimensions)
        stride = _each(stride, dimensions) or kernel
        padding, dilation = _each(padding or 0, dimensions), _each(dilation or 1, dimensions)
        shape = function(x.coefficients[0], kernel, stride, padding, dilation, bool(ceil))[0].shape
        members, there = [], []
        for offsets in itertools.product(*(range(size) for size in kernel)):
            places = [
                torch.arange(count, device=x.radius.device) * step - pad + offset * apart
                for count, step, pad, offset, apart in zip(
                    shape[-dimensions:], stride, padding, offsets, dilation, strict=True
                )
            ]
            sizes = x.shape[-dimensions:]
            valid = [(each >= 0) & (each < size) for each, size in zip(places, sizes, strict=True)]
            index = [each.clamp(0, size - 1) for each, size in zip(places, sizes, strict=True)]
            members.append(x.rearranged(partial(_at, index=index), repeats=True))
            there.append(_at_all(valid))
        return largest(members, there), torch.empty(0)

    return rule


def _each(argument: Any, dimensions: int) -> list[int]:
    listed = list(argument) if isinstance(argument, list | tuple) else [] if argument is None else [argument]
    return listed * dimensions if len(listed) == 1 else listed


def _at(values: Tensor, index: list[Tensor]) -> Tensor:
    for number, places in enumerate(index):
        values = values.index_select(values.ndim - len(index) + number, places)
    return values


def _at_all(valid: list[Tensor]) -> Tensor:
    mask = valid[0]
    for each in valid[1:]:
        mask = mask[..., None] & each
    return mask


def largest_along(function: Any, args: Args, kwargs: Named) -> Any:
    """amax(x, axes, keepdim) and max(x, axis, keepdim); amin and min by the sign."""
    x = args[0]
    if len(args) < 2:
        raise CannotFollowError(name_of(function), "takes the largest of a whole batch")
    axes, keep = args[1], bool(args[2]) if len(args) > 2 else False
    listed = sorted(axis % x.ndim for axis in (axes if isinstance(axes, list | tuple) else [axes]))
    sign = -1.0 if "min" in name_of(function) else 1.0
    found = x if sign == 1 else scaled(x, -1.0)
    for axis in listed:
        found = _along(found, axis)
    if not keep:
        for axis in reversed(listed):
            found = found.rearranged(partial(torch.squeeze, dim=axis), repeats=True)
    found = found if sign == 1 else scaled(found, -1.0)
    return (found, torch.empty(0)) if len(function._schema.returns) > 1 else found


def _narrowed(x: Model, axis: int, first: int, count: int) -> Model:
    return x.rearranged(lambda values: values.narrow(axis, first, count), repeats=True)


def _along(x: Model, axis: int) -> Model:
    """By halves."""
    while x.shape[axis] > 1:
        half = x.shape[axis] // 2
        one = _narrowed(x, axis, 0, half)
        other = _narrowed(x, axis, half, half)
        made = larger(one, other)
        if x.shape[axis] % 2:
            rest = _narrowed(x, axis, 2 * half, 1)
            coefficients = torch.cat([made.coefficients, rest.coefficients], axis + 1)
            made = made.made(Enclosure(coefficients, torch.cat([made.radius, rest.radius], axis)))
        x = made
    return x
