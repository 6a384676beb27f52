"""Layers: what is linear with weights that do not depend on the input.

The polynomials go through the layer coefficient by coefficient, radii through the magnitudes of the weights, balls
through spectral norms; of a convolution, balls of the channels of a pixel through the spectral norm of each place of
the kernel. What rounding may have added is gamma(terms) times what magnitudes of the weights make of magnitudes.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from isthmus.certificates.following import CannotFollowError, name_of
from isthmus.certificates.taylor.balls import Ball, Layer
from isthmus.certificates.taylor.enclosure import Enclosure
from isthmus.certificates.taylor.model import Args, Model, Named, Scores, Weighed
from isthmus.certificates.taylor.operators.attending import attending
from isthmus.certificates.taylor.rounding import gamma, norm, up


def layer(x: Model, weight: Tensor, bias: Tensor | None = None) -> Model:
    """Weight x + bias along the last axis; weight (outputs, inputs)."""
    outputs, inputs = weight.shape
    slack = gamma(inputs + 3)
    size = x.magnitudes
    made = x.coefficients @ weight.T
    by_number = functional.linear(x.radius + slack * size, weight.abs())
    rows = norm(weight, 1)
    reach = x.norms(-1)
    rounded = slack * norm(size, -1).unsqueeze(-1) * float(norm(weight.flatten(), 0))
    radius = torch.minimum(by_number, rows * reach + slack * functional.linear(size, weight.abs()))
    if bias is not None:
        made[0] += bias
        radius = radius + gamma(2) * (bias.abs() + made[0].abs())
        rounded = rounded + gamma(2) * (norm(bias, 0) + norm(made[0], -1).unsqueeze(-1))
    rounded = up(rounded, inputs + outputs + 16)
    widest = reach * x.run.spectral_norm(weight) + rounded
    taken, before = weight, reach
    if x.folded is not None:  # what multiplied the inputs goes into the weights
        of_rest = x.folded.rest * x.run.spectral_norm(weight)
        folded, gain = x.run.folded(weight, x.folded.scale)
        if float((x.folded.reach * gain + of_rest).sum()) < float((reach * x.run.spectral_norm(weight)).sum()):
            taken, before, rounded = folded, x.folded.reach, up(rounded + of_rest)
            widest = torch.minimum(widest, before * gain + rounded)
    ball = Ball.along(-1, up(widest)).expanded(radius.shape)
    if x.ndim > 2:  # a part of the outputs may be taken, as heads of attention are
        ball = ball.of_layer(Layer(taken, before.flatten(), rounded.flatten(), x.run.spectral_norm))
    source = Weighed(weight, x) if x.ndim == 2 else None
    return x.made(Enclosure(made, up(radius, inputs + 16)), ball=ball, source=source)


def addmm(function: Any, args: Args, kwargs: Named) -> Any:
    """Bias + x weight."""
    bias, x, weight = args[:3]
    if not isinstance(x, Model) or isinstance(weight, Model) or isinstance(bias, Model) or kwargs:
        raise CannotFollowError(name_of(function), "has the input on its right side, or factors")
    return layer(x, weight.T, bias if bias.ndim == 1 else bias.expand(weight.shape[1]))


def matrix_product(function: Any, args: Args, kwargs: Named) -> Any:
    """mm, bmm and matmul, of models and constants."""
    left, right = args[:2]
    if isinstance(left, Model) and not isinstance(right, Model):
        if right.ndim == 2:
            return layer(left, right.T)
        return _stacked(left, right)
    if isinstance(right, Model) and not isinstance(left, Model):
        return _from_the_left(left, right)
    return between(left, right)


def _stacked(left: Model, right: Tensor) -> Model:
    """Many matrices (b, n, k) times as many constant ones (b, k, m)."""
    terms = right.shape[-2]
    made = torch.stack([each @ right for each in left.coefficients])
    radius = (left.radius + gamma(terms + 2) * left.magnitudes) @ right.abs()
    return left.made(Enclosure(made, up(radius, terms + 16)))


def _from_the_left(left: Tensor, right: Model) -> Model:
    """A constant matrix times a model: rows are sums of rows."""
    terms = left.shape[-1]
    made = torch.stack([left @ each for each in right.coefficients])
    slack = gamma(terms + 2)
    radius = left.abs() @ (right.radius + slack * right.magnitudes)
    rows = left.abs() @ (right.norms(-1) + slack * norm(right.magnitudes, -1).unsqueeze(-1))
    ball = Ball.along(-1, up(rows, terms + 16)).expanded(radius.shape)
    return right.made(Enclosure(made, up(radius, terms + 16)), ball=ball)


def between(left: Model, right: Model) -> Model:
    """The matrix product of two models (..., n, k) and (..., k, m).

    Errors: |left| radius + radius |right| + both radii, number by number; at most the product of 2-norms of a row and
    a column (Cauchy and Schwarz), and, as a ball of a row of the result, the sum of balls of the rows of the right
    side.
    """
    terms = left.shape[-1]
    of_polynomials = left.polynomial.times(right.polynomial, torch.matmul, terms)
    size, other = up(left.magnitudes), up(right.magnitudes)
    by_number = size @ right.radius + left.radius @ (other + right.radius)
    row, column = norm(size, -1).unsqueeze(-1), norm(other, -2).unsqueeze(-2)
    row_reach, column_reach = left.norms(-1), right.norms(-2)
    by_norms = row * column_reach + row_reach * (column + column_reach)
    grown = up(torch.minimum(by_number, by_norms), terms + 16)
    reach = right.norms(-1)
    rows = left.radius @ (norm(other, -1).unsqueeze(-1) + reach) + size @ reach
    if left.scores is not None and left.scores.shares and left.ndim == right.ndim == 3:
        moved = attending(left, right, of_polynomials, up(rows))
        own = left.scores.local @ norm(other, -1).unsqueeze(-1)
        rows = torch.minimum(rows, moved + own)
    widest = up(rows + norm(of_polynomials.radius, -1).unsqueeze(-1), terms + 16)
    ball = Ball.along(-1, widest).expanded(grown.shape)
    made = left.made(Enclosure(of_polynomials.coefficients, up(of_polynomials.radius + grown)), ball=ball)
    return made.with_scores(Scores(left, right, of_polynomials.radius) if left.ndim == 3 else None)


def convolution(function: Any, args: Args, kwargs: Named) -> Any:
    """convolution(x, weight, bias, stride, padding, dilation, transposed, output_padding, groups)."""
    x, weight, bias, stride, padding, dilation, transposed, output_padding, groups = args[:9]
    if not isinstance(x, Model) or isinstance(weight, Model):
        raise CannotFollowError(name_of(function), "has weights that depend on the input")

    def run(values: Tensor, kernel: Tensor, count: int = groups) -> Tensor:
        made: Tensor = torch.ops.aten.convolution(
            values, kernel, None, stride, padding, dilation, transposed, output_padding, count
        )
        return made

    terms = weight[0].numel() if not transposed else weight[:, 0].numel()
    slack = gamma(terms + 3)
    flat = run(x.coefficients.flatten(0, 1), weight)
    made = flat.reshape(*x.coefficients.shape[:2], *flat.shape[1:])
    radius = run(x.radius + slack * x.magnitudes, weight.abs())
    widest = None
    if not transposed:
        gains, rows = x.run.kernel_norms(weight, groups)
        reach = x.norms(1)
        largest = run(norm(x.magnitudes, 1).unsqueeze(1), gains.frobenius, 1) * slack
        widest = run(reach, gains.spectral, 1) + largest
        radius = torch.minimum(radius, run(reach, rows, 1) + largest)
    if bias is not None:
        shift = bias.reshape(1, -1, *(1,) * (x.ndim - 2))
        made[0] += shift
        rounded = gamma(2) * (shift.abs() + made[0].abs())
        radius = radius + rounded
        widest = None if widest is None else widest + norm(rounded, 1).unsqueeze(1)
    radius = up(radius, terms + 16)
    ball = None if widest is None else Ball.along(1, up(widest, terms + 16)).expanded(radius.shape)
    return x.made(Enclosure(made, radius), ball=ball)


def batch_norm(function: Any, args: Args, kwargs: Named) -> Any:
    """native_batch_norm(x, weight, bias, mean, variance, training, momentum, eps) and its kin: of fixed statistics."""
    x, weight, bias, mean, variance = args[:5]
    eps = args[-1]
    if True in args[5:6] or mean is None or variance is None:
        raise CannotFollowError(name_of(function), "normalises with statistics of the batch; call eval()")
    shape = (1, -1, *(1,) * (x.ndim - 2))
    scale = (variance + eps).rsqrt() * (1.0 if weight is None else weight)
    result = moved(x, (-mean).reshape(shape), scale.reshape(shape), 0.0 if bias is None else bias.reshape(shape))
    return result, torch.empty(0), torch.empty(0)


def moved(x: Model, before: Tensor | float, scale: Tensor, after: Tensor | float) -> Model:
    """(x + before) scale + after, with constants that broadcast; the scale was rounded six times at most."""
    of_polynomials = x.polynomial.shifted(before).scaled(scale, 6).shifted(after)
    local = of_polynomials.radius
    steep = scale.abs().expand(local.shape)
    ball = None if x.ball is None or local.shape != x.shape else x.ball.stretched(steep, local)
    return x.made(Enclosure(of_polynomials.coefficients, up(local + steep * x.radius)), ball=ball)


def averaging(function: Any, args: Args, kwargs: Named) -> Any:
    """Pooling, resizing and running sums, whose weights all have one sign: of no more numbers than a channel has."""
    x = args[0]
    if function.overloadpacket is torch.ops.aten.cumsum:
        return _averaged(function, args, kwargs, x.shape[args[1]])
    return _averaged(function, args, kwargs, prod(x.shape[2:]) if x.ndim > 2 else prod(x.shape[1:]))


def _averaged(function: Any, args: Args, kwargs: Named, terms: int) -> Any:
    x = args[0]
    if kwargs.get("dtype") not in (None, torch.float64):
        raise CannotFollowError(
            name_of(function), f"computes in {kwargs['dtype']}, and certificates are made in float64"
        )
    made = torch.stack([function(each, *args[1:], **kwargs) for each in x.coefficients])
    rounded = gamma(terms + 4) * function(x.magnitudes, *args[1:], **kwargs).abs()
    radius = function(x.radius, *args[1:], **kwargs).abs() + rounded
    return x.made(Enclosure(made, up(radius, terms + 16)))


def summing(function: Any, args: Args, kwargs: Named) -> Any:
    """sum(x, axes) and mean(x, axes): of balls that lie along another axis, the sums of their sizes."""
    x, axes = args[0], args[1] if len(args) > 1 else None
    listed = [axis % x.ndim for axis in ([axes] if isinstance(axes, int) else axes or range(x.ndim))]
    terms = prod(x.shape[axis] for axis in listed)
    made = _averaged(function, args, kwargs, terms)
    along = next((axis for axis in ((1, x.ndim - 1) if x.ndim == 4 else (x.ndim - 1,)) if axis not in listed), None)
    keeps = len(args) > 2 and args[2]
    if x.ball is None or along is None or 0 in listed:
        return made
    summed: Callable[[Tensor], Tensor] = lambda values: function(values, listed, keeps)  # noqa: E731
    of_balls = summed(x.norms(along) + gamma(terms + 4) * norm(x.magnitudes, along).unsqueeze(along))
    where = along if keeps else along - sum(axis < along for axis in listed)
    ball = Ball.along(where, up(of_balls, terms + 16)).expanded(made.shape)
    return made.made(made.enclosure, ball=ball)
