"""Backward passes that are followed as one: what they are made of would hide what is known of them."""

from __future__ import annotations

import math
from typing import Any

import torch

from isthmus.certificates.following import CannotFollowError, name_of
from isthmus.certificates.taylor.balls import Ball
from isthmus.certificates.taylor.functions import Sigmoid
from isthmus.certificates.taylor.model import Args, Model, Named
from isthmus.certificates.taylor.operators.linear import between
from isthmus.certificates.taylor.operators.normalising import by_name, one_batch, shares_of, turned
from isthmus.certificates.taylor.operators.shapes import constant
from isthmus.certificates.taylor.operators.smooth import applied, beyond, widened
from isthmus.certificates.taylor.operators.sums import added, multiplied, scaled
from isthmus.certificates.taylor.rounding import norm, up


def softplus(function: Any, args: Args, kwargs: Named) -> Any:
    """softplus_backward(grad, x, beta, threshold): grad / (1 + exp(-beta x)), for which PyTorch takes grad where beta x
    is above the threshold.
    """
    grad, x, beta, threshold = args[:4]
    if not isinstance(x, Model):
        raise CannotFollowError(name_of(function), "has an input that is a constant")
    steep = x if beta == 1 else scaled(x, float(beta))
    made = multiplied(grad, applied(steep, Sigmoid()))
    above = steep.enclosure.range()[1] > threshold
    size = grad.enclosure.size + grad.radius if isinstance(grad, Model) else grad.abs()
    return widened(made, torch.where(above, beyond(threshold) * size, 0.0))


def layer_norm(function: Any, args: Args, kwargs: Named) -> Any:
    """native_layer_norm_backward(grad, x, shape, row, scale, weight, bias, mask), where the forward rule has put the
    normalised row y in the place of the mean. With g = weight grad and d the length of a row:

        dx = scale (g - mean(g) - y mean(g y)).

    Taking off both means makes no row longer, since |y|^2 <= d and mean(y) = 0: of the remainder of g no more than
    scale times its 2-norm is left. That of y adds |g| |dy| (2 sqrt(d) + |dy|) / d times scale, that of scale no more
    than its own size times |g| (1 + |y|^2 / d).
    """
    grad, x, shape, row, scale, weight = args[:6]
    if not all(isinstance(each, Model) for each in (x, row, scale)) or len(shape) != 1:
        raise CannotFollowError(name_of(function), "normalises a constant, or along several axes")
    g = _model(grad, x)
    g = g if weight is None else scaled(g, weight)
    made = _taken_off(g, row, scale)
    local = _taken_off(*(each.made(each.polynomial) for each in (g, row, scale))).radius
    count = x.shape[-1]
    size, row_reach = norm(up(g.magnitudes), -1).unsqueeze(-1), row.norms(-1)
    largest = up(scale.magnitudes) + scale.radius
    of_row = size * row_reach * (2 * math.sqrt(count) + row_reach) / count
    of_scale = size * scale.radius * (1 + (1 + row_reach / math.sqrt(count)) ** 2)
    widest = largest * (g.norms(-1) + of_row) + of_scale + norm(local, -1).unsqueeze(-1)
    ball = Ball.along(-1, up(widest, count + 64)).expanded(made.shape)
    return x.made(made.enclosure, ball=ball), None, None


def _taken_off(g: Model, row: Model, scale: Model) -> Model:
    both = added(_mean(g), multiplied(row, _mean(multiplied(g, row))))
    return multiplied(added(g, both, -1), scale)


def _mean(x: Model) -> Model:
    return x.made(x.enclosure.mean(-1))


def _sum(x: Model) -> Model:
    return x.made(x.enclosure.sum(-1))


def _model(value: Any, like: Model) -> Model:
    return value if isinstance(value, Model) else constant(value.expand(like.shape), len(like.coefficients), like)


def attention(function: Any, args: Args, kwargs: Named) -> Any:
    """Of softmax(c q k^T) v, with shares p, o what it gives and g its gradient:

    dv = p^T g,   ds = p (g v^T - g o),   dq = c ds k,   dk = c ds^T q.
    """
    full, asked = by_name(function, args, kwargs)
    heads = {full[name].shape[:-2] for name in ("query", "key", "value")}
    if len(heads) > 1 or full.get("enable_gqa"):
        raise CannotFollowError(name_of(function), "has heads that are shared")
    grad, out = (_model(full[name], full["query"]) for name in ("grad_out", "out"))
    of = shares_of([full["query"], full["key"], full["value"]], asked)
    grad, out = (one_batch(each, of.heads) for each in (grad, out))
    each = added(between(grad, turned(of.value)), _sum(multiplied(grad, out)), -1)
    scores = scaled(multiplied(of.shares, each), of.scale, 2)
    found = between(scores, of.key), between(turned(scores), of.query), between(turned(of.shares), grad)
    return tuple(made.rearranged(lambda values: values.reshape(*of.heads, *values.shape[-2:])) for made in found)
