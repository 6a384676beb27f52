"""Cancellation: large terms of which a small sum is left, and with it their rounding.

x + 1e5 - 1e5 is x to within .004 in float32: knots that lie closer are lost, and no place between the others shows it.
What is measured is how many times the largest that is left, anywhere on the path, the largest term was: of every
stretch at some knots, since to read all of every tensor again would make a certificate half as dear again.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from isthmus.certificates.affine_pieces.pieces import Pieces, Summed, in_rows

aten = torch.ops.aten
# How many times is too many: sums of as many as a layer has lose a few digits in every network, single ones do not.
SUM, LAYER = 2.0**8, 2.0**13
KNOTS = 16  # of a stretch, or up to twice as many, at which magnitudes are read
NOTHING_LEFT = 2.0  # a zero may be one truly, or what float32 made of it: float64 tells
Args = Sequence[Any]


def _size(value: Any) -> float:
    """Magnitude of the largest entry of an argument, of Pieces at some knots; 0 where it has none."""
    values = _some(value.numbers) if isinstance(value, Pieces) else value
    if isinstance(values, Tensor):
        return float(values.abs().max()) if values.numel() and not values.is_complex() else 0.0
    return abs(float(values)) if isinstance(values, int | float) else 0.0


def _some(numbers: Tensor) -> Tensor:
    """Numbers (m, *rest) as rows (k, n) in the order of memory, of the first knot and of others evenly spaced."""
    return in_rows(numbers)[:: max(1, len(numbers) // KNOTS)]


def _row(weight: Any, axis: int) -> float:
    """Largest sum of magnitudes of the weights of one output, whose axis is given; 0 for what is no weight."""
    if not isinstance(weight, Tensor) or isinstance(weight, Pieces) or not weight.numel():
        return 0.0
    return float(weight.abs().movedim(axis % weight.ndim, 0).flatten(1).sum(1).max()) if weight.ndim > 1 else 0.0


def _total(args: Args, named: Mapping[str, Any]) -> float:
    return max(_size(args[0]), _size(args[1]) * abs(float(named.get("alpha", 1)))) / SUM


def _weighed(x: Any, weight: Any, bias: Any, axis: int) -> float:
    return max(_size(x) * _row(weight, axis) / LAYER, _size(bias) / SUM)


def _batch_norm(weight: Tensor | None, bias: Tensor | None, mean: Tensor | None, spread: Tensor | None) -> float:
    if mean is None or spread is None:  # statistics of the batch, which the rule refuses
        return 0.0
    scale = spread.rsqrt() * (1.0 if weight is None else weight.abs())
    return float((mean.abs() * scale + (0.0 if bias is None else bias.abs())).max()) / SUM


def _native(args: Args, _: Mapping[str, Any]) -> float:
    """Of native_batch_norm(input, weight, bias, mean, variance, ..., epsilon)."""
    return _batch_norm(args[1], args[2], args[3], None if args[4] is None else args[4] + args[-1])


def _linear(args: Args, named: Mapping[str, Any]) -> float:
    full = dict(zip(("input", "weight", "bias"), args, strict=False)) | dict(named)
    return _weighed(full["input"], full["weight"], full.get("bias"), 0)


TERMS: dict[Any, Callable[[Args, Mapping[str, Any]], float]] = {
    aten.add: _total,
    aten.add_: _total,
    aten.sub: _total,
    aten.sub_: _total,
    aten.rsub: _total,
    aten.addmm: lambda args, _: _weighed(args[1], args[2], args[0], 1),
    aten.mm: lambda args, _: _weighed(args[0], args[1], None, 1),
    aten.bmm: lambda args, _: _weighed(args[0], args[1], None, -1),
    aten.convolution: lambda args, _: _weighed(args[0], args[1], args[2], int(bool(args[6]))),
    functional.linear: _linear,
    aten._native_batch_norm_legit_no_training: _native,
    aten.native_batch_norm: _native,
    aten.cudnn_batch_norm: _native,
}


def watched(rule: Callable[[], Any], function: Any, args: Args, kwargs: Mapping[str, Any], piece: Pieces | None) -> Any:
    """What a rule gives; the run of the piece remembers how large the terms were, and what is left."""
    terms = TERMS.get(function)
    if terms is None or piece is None:
        return rule()
    largest = terms(args, kwargs)  # before the rule: it may change its arguments
    result = rule()
    made = result[0] if isinstance(result, tuple) else result
    if isinstance(made, Pieces):
        piece.run.sums.append(Summed(largest, _size(made)))
    return result


def joined(runs: Iterable[Sequence[Summed]]) -> list[Summed]:
    """The sums of several runs of one network, on several stretches, as those of one."""
    return [
        Summed(max(each.terms for each in at), max(each.left for each in at))
        for at in itertools.zip_longest(*runs, fillvalue=Summed(0.0, 0.0))
    ]


def lost(sums: Sequence[Summed]) -> float:
    """The worst cancellation, as a multiple of what may be in float32."""
    return max((each.terms / each.left if each.left else NOTHING_LEFT * (each.terms > 0) for each in sums), default=0.0)
