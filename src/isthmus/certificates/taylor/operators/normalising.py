"""Layer, group and RMS norm; softmax; attention.

What a remainder does to them follows from their derivatives. With c = x - mean(x) and sigma^2 = mean(c^2) + eps, layer
norm has the derivative (I - c c^T / (d sigma^2)) (I - 1 1^T / d) / sigma, of norm at most 1 / sigma; softmax has
diag(p) - p p^T, so that scores that move by at most E move p_i by at most 2 p_i (1 - p_i) E, and by E in the 1-norm.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import torch
from torch import Tensor

from isthmus.certificates.following import CannotFollowError, name_of
from isthmus.certificates.taylor.balls import Ball
from isthmus.certificates.taylor.enclosure import Enclosure
from isthmus.certificates.taylor.functions import Exp, Log, Power, Sigmoid
from isthmus.certificates.taylor.model import Args, Model, Named
from isthmus.certificates.taylor.operators.linear import between
from isthmus.certificates.taylor.operators.smooth import applied
from isthmus.certificates.taylor.operators.sums import LOWEST, added, multiplied, scaled
from isthmus.certificates.taylor.rounding import norm, up

NEVER = 800.0  # below the largest score: exp(-800) is 0 in float64, and 1e-300 bounds it


class Normalised(NamedTuple):
    """Rows of which the mean was taken off and that were divided by their deviation.

    Attributes:
        row: what came of it.
        scale: one over the deviation (..., 1).
    """

    row: Model
    scale: Model


def normalised(x: Model, eps: float, *, centred: bool) -> Normalised:
    """(x - mean) / sqrt(variance + eps) along the last axis; without the mean: x / sqrt(mean square + eps)."""
    count = x.shape[-1]
    polynomial = x.polynomial
    centre = polynomial.plus(polynomial.mean(-1), -1.0) if centred else polynomial
    variance = centre.times(centre).mean(-1).shifted(eps)
    scale = Power(-0.5).whole(variance)
    local = centre.times(scale)
    reach = x.norms(-1)
    first = norm(centre.coefficients[0], -1).unsqueeze(-1)
    rest = norm(centre.coefficients[1:], -1).sum(0).unsqueeze(-1) + norm(centre.radius, -1).unsqueeze(-1) + reach
    least = ((first * (1 - 1e-9) - up(rest, 64)).clamp_min(0) ** 2 / count + eps).sqrt() * (1 - 1e-9)
    steep = up(1 / least)
    mean = x.radius.mean(-1, keepdim=True) if centred else 0.0
    # |c_i| / (sqrt(d) sigma) is at most |normalised x_i| / sqrt(d) at any point of the tube.
    share = up(centre.size + centre.radius + x.radius + mean) / (math.sqrt(count) * least)
    by_number = steep * (x.radius + mean + share.clamp(max=1.0) * reach)
    widest = up(steep * reach + norm(local.radius, -1).unsqueeze(-1), count)
    # Whatever x is, the row is no longer than sqrt(d): where less is known, 0 is as good a polynomial as any.
    longest = math.sqrt(count) * (1 + 1e-12)
    known = widest < longest
    coefficients = torch.where(known, local.coefficients, 0.0)
    radius = torch.where(known, up(local.radius + by_number, count), longest)
    ball = Ball.along(-1, torch.where(known, widest, longest)).expanded(radius.shape)
    # The scale moves by scale^2 / sqrt(d) times what the row does, at most.
    apart = up(scale.radius + steep**2 * reach / math.sqrt(count))
    return Normalised(x.made(Enclosure(coefficients, radius), ball=ball), x.made(scale, radius=apart))


def layer_norm(function: Any, args: Args, kwargs: Named) -> Any:
    """native_layer_norm(x, shape, weight, bias, eps). In the place of the mean, which none but the backward pass reads,
    there is what it needs more: the row that was normalised.
    """
    x, shape, weight, bias, eps = args[:5]
    flat = x.rearranged(lambda values: values.flatten(-len(shape)))
    row, scale = normalised(flat, eps, centred=True)
    made = _affine(row, _flat(weight), _flat(bias)).rearranged(lambda values: values.reshape(x.shape))
    return (made, row, scale) if x.run.backward else (made, torch.empty(0), torch.empty(0))


def _flat(weight: Tensor | None) -> Tensor | None:
    return None if weight is None else weight.flatten()


def _affine(x: Model, weight: Tensor | None, bias: Tensor | None) -> Model:
    made = x if weight is None else scaled(x, weight)
    return made if bias is None else added(made, bias)


def group_norm(function: Any, args: Args, kwargs: Named) -> Any:
    """native_group_norm(x, weight, bias, n, channels, size, groups, eps)."""
    x, weight, bias, _, channels, _, groups, eps = args[:8]
    flat = x.rearranged(lambda values: values.reshape(len(values), groups, -1))
    made = normalised(flat, eps, centred=True).row.rearranged(lambda values: values.reshape(x.shape))
    shape = (1, channels, *(1,) * (x.ndim - 2))
    weight = None if weight is None else weight.reshape(shape)
    bias = None if bias is None else bias.reshape(shape)
    return _affine(made, weight, bias), torch.empty(0), torch.empty(0)


def rms_norm(args: Args, kwargs: Named) -> Model:
    """rms_norm(x, shape, weight, eps), as it is called."""
    full = dict(zip(("input", "normalized_shape", "weight", "eps"), args, strict=False)) | dict(kwargs)
    x, shape, weight, eps = full["input"], full["normalized_shape"], full.get("weight"), full.get("eps")
    flat = x.rearranged(lambda values: values.flatten(-len(shape)))
    eps = torch.finfo(torch.float64).eps if eps is None else eps
    made = _affine(normalised(flat, eps, centred=False).row, _flat(weight), None)
    return made.rearranged(lambda values: values.reshape(x.shape))


def softmax(x: Model, axis: int) -> Model:
    """softmax(x) along an axis."""
    axis = axis % x.ndim
    low, high = x.enclosure.range()
    never = high < low.amax(axis, keepdim=True) - NEVER
    scores = x.enclosure.of(torch.where(never, 0.0, x.coefficients), torch.zeros_like(x.radius))
    top = x.coefficients[0].masked_fill(never, -torch.inf).amax(axis, keepdim=True)
    powers = Exp().of(scores.shifted(-top))
    powers = powers.of(torch.where(never, 0.0, powers.coefficients), torch.where(never, 1e-300, powers.radius))
    local = powers.times(Power(-1.0).whole(powers.sum(axis)))
    moved = torch.where(never, 0.0, x.radius).amax(axis, keepdim=True)
    spread = up(torch.expm1(2 * moved))  # no share grows by more, as a factor less 1
    share = ((up(local.size) + local.radius) * (1 + spread)).clamp(max=1.0)
    grown = 2 * share * moved
    radius = up(local.radius + torch.minimum(grown, torch.ones_like(grown)))
    known = radius < 1
    local = _half_where(~known, local)  # shares lie between 0 and 1, whatever the scores are
    made = x.made(Enclosure(local.coefficients, torch.where(known, radius, 0.5)))
    if x.scores is not None and not x.scores.shares and axis == x.ndim - 1:
        own = 2 * share * torch.where(never, 0.0, x.scores.local).amax(axis, keepdim=True)
        own = up(local.radius + torch.minimum(own, torch.ones_like(own)))
        made.with_scores(replace(x.scores, shares=True, local=own))
    return made


def _half_where(unknown: Tensor, shares: Enclosure) -> Enclosure:
    half = torch.zeros_like(shares.coefficients)
    half[0] = 0.5
    return shares.of(
        torch.where(unknown, half, shares.coefficients), torch.where(unknown, 0.5 * (1 + 1e-12), shares.radius)
    )


def softmax_rule(function: Any, args: Args, kwargs: Named) -> Any:
    """_softmax(x, axis, half_to_float)."""
    return softmax(args[0], args[1])


def log_sum(x: Enclosure, axis: int) -> Enclosure:
    """Log of the sum of exp along an axis, which is kept, of enclosures without their radius."""
    top = x.coefficients[0].amax(axis, keepdim=True)
    total = Exp().of(x.shifted(-top)).sum(axis)
    return Log().whole(total).shifted(top)


def log_softmax(function: Any, args: Args, kwargs: Named) -> Any:
    """_log_softmax(x, axis, half_to_float): a difference, which moves by at most twice the largest move of a score."""
    x, axis = args[0], args[1] % args[0].ndim
    local = x.polynomial.plus(log_sum(x.polynomial, axis), -1.0)
    return x.made(Enclosure(local.coefficients, up(local.radius + x.radius + x.radius.amax(axis, keepdim=True))))


def log_sum_exp(function: Any, args: Args, kwargs: Named) -> Any:
    """logsumexp(x, axes, keepdim), which moves by at most the largest move."""
    x, axes, keep = args[0], args[1], bool(args[2]) if len(args) > 2 else False
    axis = _only_axis(function, x, axes)
    local = log_sum(x.polynomial, axis)
    made = x.made(Enclosure(local.coefficients, up(local.radius + x.radius.amax(axis, keepdim=True))))
    return _kept(made, axis, keep)


def _only_axis(function: Any, x: Model, axes: Any) -> int:
    """The one axis that is given; none at all stands for every one."""
    listed: list[int] = [axes] if isinstance(axes, int) else list(axes or [])
    if len(listed) != 1:
        raise CannotFollowError(name_of(function), "works along several axes")
    return listed[0] % x.ndim


def _kept(x: Model, axis: int, keep: bool) -> Model:
    """Without the axis of length 1, unless it is to be kept."""
    return x if keep else x.rearranged(lambda values: values.squeeze(axis), repeats=True)


class Attending(NamedTuple):
    """Attention before values are mixed, in one batch of matrices (b, ...): of these more is known than of many axes.

    Attributes:
        shares: of each value (b, n, m).
        query, key, value: what it was made of.
        scale: of the products of queries and keys.
        heads: the axes that became one.
    """

    shares: Model
    query: Model
    key: Model
    value: Model
    scale: float
    heads: Sequence[int]


def turned(x: Model) -> Model:
    """The last two axes in the place of one another."""
    return x.rearranged(lambda values: values.transpose(-1, -2))


def shares_of(args: Args, kwargs: Named) -> Attending:
    """Of scaled_dot_product_attention(query, key, value, attn_mask, dropout_p, is_causal, scale, enable_gqa)."""
    names = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")
    full = dict(zip(names, args, strict=False)) | dict(kwargs)
    query, key, value, mask = full["query"], full["key"], full["value"], full.get("attn_mask")
    if not all(isinstance(each, Model) for each in (query, key, value)):
        raise CannotFollowError("scaled_dot_product_attention", "has a query, key or value that is constant")
    if full.get("enable_gqa") or full.get("dropout_p") or isinstance(mask, Model):
        raise CannotFollowError("scaled_dot_product_attention", "groups queries, drops out, or has a mask of the input")
    heads: Sequence[int] = torch.broadcast_shapes(*(each.shape[:-2] for each in (query, key, value)))  # type: ignore[no-untyped-call]
    query, key, value = (one_batch(each, heads) for each in (query, key, value))
    scale = query.shape[-1] ** -0.5 if full.get("scale") is None else full["scale"]
    scores = scaled(between(query, turned(key)), scale, 2)
    if full.get("is_causal"):
        mask = torch.ones(scores.shape[-2:], dtype=torch.bool, device=scores.device).tril()
    if mask is not None:
        mask = torch.where(mask, 0.0, LOWEST) if mask.dtype == torch.bool else mask
        scores = added(scores, mask.expand(*heads, *scores.shape[-2:]).reshape(scores.shape))
    return Attending(softmax(scores, -1), query, key, value, scale, heads)


def one_batch(x: Model, heads: Sequence[int]) -> Model:
    """All axes before the last two as one; where they are shared between heads, repeated."""
    shared = x.shape[:-2] != heads

    def flat(values: Tensor) -> Tensor:
        return values.expand(*heads, *values.shape[-2:]).reshape(-1, *values.shape[-2:])

    return x.rearranged(flat, repeats=shared)


def attention(args: Args, kwargs: Named) -> Model:
    """scaled_dot_product_attention, as it is called."""
    of = shares_of(args, kwargs)
    return between(of.shares, of.value).rearranged(lambda values: values.reshape(*of.heads, *values.shape[-2:]))


def by_name(function: Any, args: Args, kwargs: Named) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments of an operator that attention becomes, by their names; and those that say which attention it is."""
    names = [argument.name for argument in function._schema.arguments]
    full = dict(zip(names, args, strict=False)) | dict(kwargs)
    return full, {name: full.get(name) for name in ("attn_mask", "dropout_p", "is_causal", "scale")}


def fused_attention(function: Any, args: Args, kwargs: Named) -> Any:
    """The operators that scaled_dot_product_attention becomes, with sums or shares that nobody reads in eval mode."""
    full, asked = by_name(function, args, kwargs)
    return attention([full["query"], full["key"], full["value"]], asked), torch.empty(0)


def spread(root: bool) -> Any:
    """var(x, axes, correction, keepdim) and std."""

    def rule(function: Any, args: Args, kwargs: Named) -> Any:
        x, axes = args[0], args[1] if len(args) > 1 else None
        correction = kwargs.get("correction", 1)
        keep = kwargs.get("keepdim", False)
        axis = _only_axis(function, x, axes)
        whole = x.enclosure
        centre = whole.plus(whole.mean(axis), -1.0)
        count = x.shape[axis]
        found = centre.times(centre).sum(axis).scaled(1 / (count - (1 if correction is None else correction)), 2)
        made = x.made(Power(0.5).whole(found) if root else found)
        return _kept(made, axis, keep)

    return rule


def two_norm(function: Any, args: Args, kwargs: Named) -> Any:
    """linalg_vector_norm(x, 2, axes, keepdim), which moves by at most the 2-norm of the remainders."""
    x, order, axes, keep = (*args, *(2, None, False)[len(args) - 1 :])[:4]
    if order != 2:
        raise CannotFollowError(name_of(function), "is no 2-norm")
    axis = _only_axis(function, x, axes)
    local = Power(0.5).whole(x.polynomial.times(x.polynomial).sum(axis))
    made = x.made(Enclosure(local.coefficients, up(local.radius + x.norms(axis))))
    return _kept(made, axis, keep)


def gated(function: Any, args: Args, kwargs: Named) -> Any:
    """glu(x, axis): one half times the sigmoid of the other."""
    x, axis = args[0], args[1] if len(args) > 1 else -1
    half = x.shape[axis] // 2
    one = x.rearranged(lambda values: values.narrow(axis, 0, half))
    gate = x.rearranged(lambda values: values.narrow(axis, half, half))
    return multiplied(one, applied(gate, Sigmoid()))
