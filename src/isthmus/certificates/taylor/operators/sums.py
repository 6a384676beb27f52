"""Sums, products and quotients of models and constants."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from isthmus.certificates.following import CannotFollowError, name_of
from isthmus.certificates.following.arguments import finished
from isthmus.certificates.taylor.balls import Ball
from isthmus.certificates.taylor.enclosure import Enclosure
from isthmus.certificates.taylor.functions import Power
from isthmus.certificates.taylor.model import Args, Folded, Model, Named
from isthmus.certificates.taylor.rounding import gamma, norm, up

LOWEST = -1e38  # stands for minus infinity, as masks of attention have it


def total(sign: float) -> Any:
    """add(x, y, alpha) with sign 1, sub with -1."""

    def rule(function: Any, args: Args, kwargs: Named) -> Any:
        one, other = args[:2]
        factor = sign * kwargs.get("alpha", args[2] if len(args) > 2 else 1)
        return finished(function, one, added(one, other, factor))

    return rule


def reversed_difference(function: Any, args: Args, kwargs: Named) -> Any:
    """rsub(x, y) = y - alpha x."""
    factor = kwargs.get("alpha", args[2] if len(args) > 2 else 1)
    return added(args[1], args[0], -factor)


def added(one: Any, other: Any, factor: float = 1) -> Model:
    """One + factor other."""
    if isinstance(one, Model) and isinstance(other, Model):
        left, right = aligned(one, other)
        if factor not in (1, -1):
            right = scaled(right, factor)
        sign = -1.0 if factor == -1 else 1.0
        local = left.polynomial.plus(right.polynomial, sign)
        radius = up(local.radius + left.radius + right.radius)
        return left.made(Enclosure(local.coefficients, radius), ball=_sum_of_balls(left, right, local.radius))
    model, constant, own, its = (one, other, 1, factor) if isinstance(one, Model) else (other, one, factor, 1)
    model = model if own == 1 else scaled(model, own)
    if isinstance(constant, Tensor):
        constant = (constant.double() * its).clamp_min(LOWEST)
    else:
        constant = max(float(constant) * its, LOWEST)
    local = model.polynomial.shifted(constant)
    if model.run.roundings:
        size = constant.abs() if isinstance(constant, Tensor) else abs(constant)
        local = local.of(local.coefficients, up(local.radius + gamma(model.run.roundings) * size))
    radius = up(local.radius + model.radius)
    ball = model.ball if model.shape == radius.shape else None
    ball = None if ball is None else ball.stretched(torch.ones_like(radius), local.radius)
    made = model.made(Enclosure(local.coefficients, radius), ball=ball)
    if model.folded is not None and model.shape == made.shape:
        rest = up(model.folded.rest + norm(local.radius, -1).unsqueeze(-1))
        made.folded = replace(model.folded, rest=rest)
    if model.scores is not None and not model.scores.shares and model.shape == made.shape:
        made.with_scores(replace(model.scores, local=up(model.scores.local + local.radius)))
    return made


def aligned(one: Model, other: Model) -> tuple[Model, Model]:
    """Both with the same number of axes, as broadcasting has them."""
    most = max(one.ndim, other.ndim)

    def widened(x: Model) -> Model:
        return x if x.ndim == most else x.rearranged(lambda values: values[(None,) * (most - x.ndim)])

    return widened(one), widened(other)


def axis_of(*models: Model) -> int | None:
    """Along which axis balls lie, the last or the second, if one of the models has any."""
    for each in models:
        if each.ball is not None:
            for axis in (each.ndim - 1, 1):
                if bool((each.ball.group == each.ball.group.narrow(axis, 0, 1)).all()):
                    return axis
    return None


def _sum_of_balls(one: Model, other: Model, local: Tensor) -> Ball | None:
    if one.shape != other.shape:
        return None
    axis = axis_of(one, other)
    if axis is None:
        return None
    rounded = torch.linalg.vector_norm(local, dim=axis, keepdim=True)
    return Ball.along(axis, up(one.norms(axis) + other.norms(axis) + rounded, one.shape[axis])).expanded(one.shape)


def scaled(model: Model, constant: Tensor | float, roundings: int = 0) -> Model:
    """Times a constant that broadcasts, and that was itself rounded so many times."""
    local = model.polynomial.scaled(constant, roundings + model.run.roundings)
    steep = (constant.abs() if isinstance(constant, Tensor) else torch.tensor(abs(constant))).to(local.radius)
    steep = steep.expand(local.radius.shape)
    ball = model.ball if model.shape == local.radius.shape else None
    if ball is not None:
        number = not isinstance(constant, Tensor)
        ball = ball.scaled(float(constant), local.radius) if number else ball.stretched(steep, local.radius)
    made = model.made(Enclosure(local.coefficients, up(local.radius + steep * model.radius)), ball=ball)
    if isinstance(constant, Tensor) and constant.ndim == 1 and model.shape == made.shape and model.ball is not None:
        made.folded = Folded(constant, model.norms(-1), norm(local.radius, -1).unsqueeze(-1))
    if model.scores is not None and not isinstance(constant, Tensor) and not model.scores.shares:
        own = up(model.scores.local * abs(constant) + local.radius)
        made.with_scores(replace(model.scores, scale=model.scores.scale * constant, local=own))
    return made


def product(function: Any, args: Args, kwargs: Named) -> Any:
    """mul(x, y)."""
    one, other = args[:2]
    return finished(function, one, multiplied(one, other))


def multiplied(one: Any, other: Any) -> Model:
    """One times other."""
    if not isinstance(one, Model):
        one, other = other, one
    if not isinstance(other, Model):
        return scaled(one, other.double() if isinstance(other, Tensor) else float(other))
    left, right = aligned(one, other)
    local = left.polynomial.times(right.polynomial)
    size, its = up(left.magnitudes), up(right.magnitudes)
    radius = up(local.radius + size * right.radius + left.radius * (its + right.radius))
    ball = None
    axis = axis_of(left, right) if left.shape == right.shape else None
    if axis is not None:
        reach, its_reach = left.norms(axis), right.norms(axis)
        largest, its_largest = size.amax(axis, keepdim=True), its.amax(axis, keepdim=True)
        rounded = torch.linalg.vector_norm(local.radius, dim=axis, keepdim=True)
        widest = largest * its_reach + reach * (its_largest + its_reach) + rounded
        ball = Ball.along(axis, up(widest, left.shape[axis])).expanded(left.shape)
    return left.made(Enclosure(local.coefficients, radius), ball=ball)


def quotient(function: Any, args: Args, kwargs: Named) -> Any:
    """div(x, y)."""
    one, other = args[:2]
    if kwargs.get("rounding_mode") is not None:
        raise CannotFollowError(name_of(function), "rounds to whole numbers")
    if isinstance(other, Model):
        other = other.made(Power(-1.0).whole(other.enclosure))
    else:
        return finished(
            function, one, scaled(one, 1.0 / (other.double() if isinstance(other, Tensor) else float(other)), 1)
        )
    return finished(function, one, multiplied(one, other))


def negative(function: Any, args: Args, kwargs: Named) -> Any:
    """neg(x)."""
    return finished(function, args[0], scaled(args[0], -1.0))


def chosen(function: Any, args: Args, kwargs: Named) -> Any:
    """where(mask, x, y) and masked_fill(x, mask, value), of constant masks."""
    if function.overloadpacket == torch.ops.aten.where:
        mask, one, other = args[:3]
    else:
        one, mask, other = args[0], ~args[1], args[2]
    if isinstance(mask, Model):
        raise CannotFollowError(name_of(function), "chooses by something that depends on the input")
    kept = mask.double()
    return finished(function, args[0], added(_masked(one, kept), _masked(other, 1 - kept)))


def _masked(value: Any, mask: Tensor) -> Any:
    if isinstance(value, Model):
        return scaled(value, mask)
    value = value.double() if isinstance(value, Tensor) else torch.tensor(float(value), dtype=torch.float64)
    return torch.where(mask > 0, value.clamp_min(LOWEST), 0.0)
