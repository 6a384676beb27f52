"""Functions with kinks: where an enclosure lies on both sides of one, two lines hold the function between them.

Between low < 0 < high, relu(z) lies between lambda z and lambda (z - low) with lambda = high / (high - low) (Singh et
al., Fast and Effective Robustness Certification, NeurIPS 2018): lambda times the polynomial, and half the distance of
the two lines in the radius. Away from the kink nothing is lost. All others are made of ReLUs.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from isthmus.certificates.following import CannotFollowError, followed_among, name_of
from isthmus.certificates.following.arguments import finished
from isthmus.certificates.taylor.enclosure import Enclosure
from isthmus.certificates.taylor.functions import Exp
from isthmus.certificates.taylor.model import Args, Model, Named
from isthmus.certificates.taylor.operators.sums import added, multiplied, scaled
from isthmus.certificates.taylor.rounding import up


def relu(x: Model) -> Model:
    """max(x, 0)."""
    low, high = x.enclosure.range()
    across = (low < 0) & (high > 0)
    width = torch.where(across, high - low, 1.0)
    steep = torch.where(across, high / width, (low >= 0).double())
    steep = torch.where(width.isfinite(), steep, 1.0)
    # Twice the half is taken where lambda is rounded: the lines are moved apart by its rounding.
    half = torch.where(across, -low * steep / 2, 0.0)
    half = torch.where(width.isfinite(), half, torch.inf)
    local = x.polynomial.scaled(steep, 4).shifted(torch.where(half.isfinite(), half, 0.0))
    radius = up(local.radius + half)
    ball = None if x.ball is None else x.ball.stretched(steep, radius)
    return x.made(Enclosure(local.coefficients, up(radius + steep * x.radius)), ball=ball)


def rectified(function: Any, args: Args, kwargs: Named) -> Any:
    """relu(x)."""
    return finished(function, args[0], relu(args[0]))


def leaky(function: Any, args: Args, kwargs: Named) -> Any:
    """leaky_relu(x, slope) and prelu(x, weight)."""
    x, slope = args[0], args[1] if len(args) > 1 else 0.01
    if isinstance(slope, Model):
        raise CannotFollowError(name_of(function), "has weights that depend on the input")
    slope = slope.double() if isinstance(slope, Tensor) else float(slope)
    return finished(function, x, added(scaled(x, slope), scaled(relu(x), 1 - slope, 1)))


def magnitude(function: Any, args: Args, kwargs: Named) -> Any:
    """abs(x)."""
    return finished(function, args[0], added(scaled(relu(args[0]), 2.0), args[0], -1))


def clamped(function: Any, args: Args, kwargs: Named) -> Any:
    """clamp(x, low, high) and hardtanh(x, low, high), either of them None."""
    low, high = (*args[1:3], None, None)[:2]
    return finished(function, args[0], between(args[0], low, high))


def clamped_below(function: Any, args: Args, kwargs: Named) -> Any:
    """clamp_min(x, low)."""
    return finished(function, args[0], between(args[0], args[1], None))


def clamped_above(function: Any, args: Args, kwargs: Named) -> Any:
    """clamp_max(x, high)."""
    return finished(function, args[0], between(args[0], None, args[1]))


def between(x: Model, low: Any, high: Any) -> Model:
    """max(low, min(x, high))."""
    if isinstance(low, Model) or isinstance(high, Model):
        raise CannotFollowError("clamp", "has bounds that depend on the input")
    if high is not None:
        x = smaller(x, high)
    return x if low is None else larger(x, low)


def larger(one: Any, other: Any) -> Any:
    """max(one, other) = other + relu(one - other)."""
    return added(relu(added(one, other, -1)), other)


def smaller(one: Any, other: Any) -> Any:
    """min(one, other) = one - relu(one - other)."""
    return added(one, relu(added(one, other, -1)), -1)


def of_two(function: Any, args: Args, kwargs: Named) -> Any:
    """maximum(x, y) and minimum(x, y)."""
    if not followed_among(args, kwargs):
        raise CannotFollowError(name_of(function), "compares what does not depend on the input")
    return (larger if "max" in name_of(function) else smaller)(*args[:2])


def hard_sigmoid(x: Model) -> Model:
    """min(max(x / 6 + 1 / 2, 0), 1)."""
    return between(added(scaled(x, 1 / 6, 1), 0.5), 0.0, 1.0)


def hard_sigmoids(function: Any, args: Args, kwargs: Named) -> Any:
    """hardsigmoid(x)."""
    return finished(function, args[0], hard_sigmoid(args[0]))


def hard_swish(function: Any, args: Args, kwargs: Named) -> Any:
    """X hardsigmoid(x)."""
    return finished(function, args[0], multiplied(args[0], hard_sigmoid(args[0])))


def elu(function: Any, args: Args, kwargs: Named) -> Any:
    """elu(x, alpha, scale, input_scale): scale x above 0, scale alpha (exp(input_scale x) - 1) below."""
    x, alpha, scale, inside = (*args, *(1.0,) * (4 - len(args)))[:4]
    return finished(function, x, _exponential_below(x, float(alpha) * float(scale), float(scale), float(inside)))


def celu(function: Any, args: Args, kwargs: Named) -> Any:
    """celu(x, alpha): x above 0, alpha (exp(x / alpha) - 1) below."""
    alpha = float(args[1]) if len(args) > 1 else 1.0
    return finished(function, args[0], _exponential_below(args[0], alpha, 1.0, 1 / alpha))


def _exponential_below(x: Model, depth: float, above: float, inside: float) -> Model:
    positive = relu(x)
    negative = scaled(added(x, positive, -1), inside, 1)
    grown = negative.made(Exp().whole(negative.enclosure))
    return added(scaled(added(grown, -1.0), depth, 1), scaled(positive, above))
