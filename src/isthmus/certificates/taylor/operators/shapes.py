"""Operators that move numbers, leave some out, repeat some, or put tensors together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from isthmus.certificates.following import CannotFollowError, followed_among, name_of
from isthmus.certificates.taylor.balls import Ball
from isthmus.certificates.taylor.enclosure import Enclosure
from isthmus.certificates.taylor.model import Args, Model, Named

aten = torch.ops.aten
RESHAPING = (aten.view, aten._unsafe_view, aten.reshape, aten._reshape_alias)


def moving(function: Any, args: Args, kwargs: Named) -> Any:
    """Operators of one tensor that move numbers or leave some out, in views as a rule."""
    x = args[0]
    if function.overloadpacket in RESHAPING:  # values need not lie in memory as the network's own would
        made = x.rearranged(lambda values: values.reshape(args[1]))
        kept = made.ndim > 2 and made.shape[-2:] == x.shape[-2:]  # matrices stay what they are, in their order
        if kept and x.scores is not None:
            made.with_scores(replace(x.scores, local=x.scores.local.reshape(made.shape)))
        return made.view_of(x)
    made = x.rearranged(lambda values: function(values, *args[1:], **kwargs))
    return made.view_of(x)


VIEWS = (aten.expand, aten.diagonal, aten.unfold)  # of those below, what shares memory with what it is a view of


def repeating(function: Any, args: Args, kwargs: Named) -> Any:
    """Operators that may repeat numbers, or fill places with 0."""
    x = args[0]
    same = function.overloadpacket is aten.expand and _size(x, args[1]) == list(x.shape)
    made = x.rearranged(lambda values: function(values, *args[1:], **kwargs), repeats=not same)
    made = made.with_scores(x.scores if same else None)
    return made.view_of(x) if function.overloadpacket in VIEWS else made


def _size(x: Model, wanted: Sequence[int]) -> list[int]:
    own = [1] * (len(wanted) - x.ndim) + list(x.shape)
    return [have if each == -1 else each for have, each in zip(own, wanted, strict=True)]


def cutting(function: Any, args: Args, kwargs: Named) -> list[Model]:
    """Operators that give a list of parts."""
    x = args[0]
    parts = [function(each, *args[1:], **kwargs) for each in x.coefficients]
    radii = function(x.radius, *args[1:], **kwargs)
    codes = None if x.ball is None else function(x.ball.code, *args[1:], **kwargs)
    return [
        Model(
            torch.stack([part[number] for part in parts]),
            radius,
            x.run,
            None if x.ball is None or codes is None else Ball(codes[number], x.ball.size, x.ball.layer),
        ).view_of(x)
        for number, radius in enumerate(radii)
    ]


def same(function: Any, args: Args, kwargs: Named) -> Any:
    """Copies, and changes of layout."""
    x: Model = args[0]
    wanted = kwargs.get("dtype")
    if wanted not in (None, torch.float64):
        raise CannotFollowError(name_of(function), f"computes in {wanted}, and certificates are made in float64")
    made = Model(x.coefficients, x.radius, x.run, x.ball, x.source).with_scores(x.scores)
    copies = function.overloadpacket is aten.clone and kwargs.get("memory_format") in (None, torch.preserve_format)
    return made if copies else made.view_of(x)


def padded(function: Any, args: Args, kwargs: Named) -> Any:
    """constant_pad_nd(x, sizes, value)."""
    x, sizes = args[:2]
    value = args[2] if len(args) > 2 else 0
    rest = [aten.constant_pad_nd(each, sizes, 0) for each in x.coefficients[1:]]
    first = aten.constant_pad_nd(x.coefficients[0], sizes, value)
    group = None if x.ball is None else Ball(aten.constant_pad_nd(x.ball.group, sizes, 0), x.ball.size)
    return Model(torch.stack([first, *rest]), aten.constant_pad_nd(x.radius, sizes, 0), x.run, group)


def joined(function: Any, args: Args, kwargs: Named) -> Any:
    """Cat and stack, of models and constants."""
    parts, axis = args[0], args[1] if len(args) > 1 else 0
    models: list[Model] = followed_among(args, kwargs)
    count, run = len(models[0].coefficients), models[0].run
    given = [each for each in parts if isinstance(each, Model) or each.shape != (0,)]
    pieces = [each if isinstance(each, Model) else constant(each, count, models[0]) for each in given]
    coefficients = torch.stack(
        [function([each.coefficients[place] for each in pieces], axis) for place in range(count)]
    )
    radius = function([each.radius for each in pieces], axis)
    return Model(coefficients, radius, run, _joined_balls(function, pieces, axis))


def constant(value: Tensor, count: int, like: Model) -> Model:
    """A constant as a model with so many coefficients, in the run of another."""
    of = Enclosure.constant(value.double(), count, like.run.variables)
    nothing = torch.zeros(1, dtype=torch.float64, device=value.device)
    ball = Ball(torch.zeros(value.shape, dtype=torch.long, device=value.device), nothing)
    return Model(of.coefficients, of.radius, like.run, ball)


def _joined_balls(function: Any, pieces: Sequence[Model], axis: int) -> Ball | None:
    if any(each.ball is None for each in pieces):
        return None
    groups, sizes, before = [], [], 0
    for each in pieces:
        assert each.ball is not None
        groups.append(each.ball.group + before)
        sizes.append(each.ball.size)
        before += len(each.ball.size)
    return Ball(function(groups, axis), torch.cat(sizes))


def like(function: Any, args: Args, kwargs: Named) -> Tensor:
    """A constant in the shape of something that depends on the input."""
    made: Tensor = function(torch.zeros(args[0].shape, dtype=args[0].dtype, device=args[0].device), *args[1:], **kwargs)
    return made
