"""Smooth functions of single numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from isthmus.certificates.following import CannotFollowError, name_of
from isthmus.certificates.following.arguments import finished
from isthmus.certificates.taylor.enclosure import Enclosure
from isthmus.certificates.taylor.functions import Exp, Gelu, Power, Smooth, Softplus, Tanh
from isthmus.certificates.taylor.model import Args, Model, Named
from isthmus.certificates.taylor.rounding import up

Composed = Callable[[Enclosure], Enclosure]


def applied(x: Model, function: Smooth) -> Model:
    """A smooth function of every number: the radius grows by what its derivative does not exceed anywhere in it."""
    local = function.of(x.enclosure)
    return _with_remainder(x, local, function.slope(x.enclosure))


def _with_remainder(x: Model, local: Enclosure, slope: Tensor) -> Model:
    grown = torch.where(x.radius > 0, slope * x.radius, 0.0)
    ball = None if x.ball is None else x.ball.stretched(slope, local.radius)
    return x.made(Enclosure(local.coefficients, up(local.radius + grown)), ball=ball)


def composite(x: Model, function: Composed, steepest: float) -> Model:
    """A function that is made of others, and is nowhere steeper than that."""
    local = function(x.polynomial)
    made = _with_remainder(x, local, torch.full_like(x.radius, steepest))
    return made.made(made.enclosure, ball=made.ball, radius=torch.minimum(made.radius, function(x.enclosure).radius))


def smooth(function: Smooth) -> Any:
    """An operator of one tensor and no other arguments."""

    def rule(operator: Any, args: Args, kwargs: Named) -> Any:
        return finished(operator, args[0], applied(args[0], function))

    return rule


def power(operator: Any, args: Args, kwargs: Named) -> Any:
    """pow(x, exponent)."""
    x, exponent = args[:2]
    if not isinstance(x, Model) or isinstance(exponent, Tensor):
        raise CannotFollowError(name_of(operator), "has a tensor as its exponent")
    return finished(operator, x, applied(x, Power(float(exponent))))


def gelu(operator: Any, args: Args, kwargs: Named) -> Any:
    """gelu(x, approximate)."""
    x, how = args[0], kwargs.get("approximate", args[1] if len(args) > 1 else "none")
    return applied(x, Gelu()) if how == "none" else composite(x, gelu_by_tanh, 1.13)


def gelu_by_tanh(x: Enclosure) -> Enclosure:
    """X / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))), whose derivative is at most 1.1290 (at x = 1.4150)."""
    cube = Power(3.0).whole(x).scaled(0.044715, 1)
    inner = x.plus(cube).scaled((2 / torch.pi) ** 0.5, 4)
    return x.scaled(0.5).times(Tanh().whole(inner).shifted(1.0))


def mish(operator: Any, args: Args, kwargs: Named) -> Any:
    """X tanh(softplus(x)), whose derivative is at most 1.0885 (at x = 1.4969)."""
    return finished(operator, args[0], composite(args[0], lambda x: x.times(Tanh().whole(Softplus().whole(x))), 1.089))


def softplus(operator: Any, args: Args, kwargs: Named) -> Any:
    """softplus(x, beta, threshold), which PyTorch takes for x where beta x is above the threshold."""
    x, beta, threshold = args[0], *(*args[1:], 1, 20)[:2]
    of = Softplus()
    if beta == 1:
        made = applied(x, of)
    else:
        made = composite(x, lambda inner: of.whole(inner.scaled(float(beta))).scaled(1 / float(beta), 1), 1.0)
    low, high = x.enclosure.range()
    above = torch.maximum(low * beta, high * beta) > threshold
    cut_off = torch.where(above, beyond(threshold) / abs(beta), 0.0)
    return widened(made, cut_off)


def beyond(threshold: float) -> Tensor:
    """What softplus and its derivative may be off by where PyTorch takes them for x and 1."""
    return torch.exp(torch.tensor(-float(threshold))).double() * 1.0001


def widened(x: Model, by: Tensor) -> Model:
    """The same, known less well by so much (n, *rest)."""
    ball = None if x.ball is None else x.ball.stretched(torch.ones_like(by), by)
    return x.made(Enclosure(x.coefficients, up(x.radius + by)), ball=ball)


def log_sigmoid(operator: Any, args: Args, kwargs: Named) -> Any:
    """log_sigmoid_forward(x) = -softplus(-x), and a buffer that nobody reads in eval mode."""
    x: Model = args[0]
    return composite(x, lambda inner: Softplus().whole(inner.scaled(-1.0)).scaled(-1.0), 1.0), torch.empty(0)


def expm1(operator: Any, args: Args, kwargs: Named) -> Any:
    """exp(x) - 1."""
    x: Model = args[0]
    made = applied(x, Exp())
    local = made.polynomial.shifted(-1.0)
    return widened(made.made(Enclosure(local.coefficients, made.radius), ball=made.ball), local.radius)
