"""Features of curves: numbers that say how an input is connected, each with its formula.

Curves of loss L and margin M run from the input, t = 0, to the other end, t = 1, at m positions; h is their spacing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor
from torch.nn import functional

from isthmus._core.shapes import FeatureRows
from isthmus.detection.curves import Curves

Read = Callable[[Curves], Tensor]


def _slope(values: Tensor, t: Tensor) -> Tensor:
    return (values[..., 1] - values[..., 0]) / (t[1] - t[0])


def _curvature(values: Tensor, t: Tensor) -> Tensor:
    if values.shape[-1] < 3:
        return torch.zeros_like(values[..., 0])
    return (values[..., 2] - 2 * values[..., 1] + values[..., 0]) / (t[1] - t[0]) ** 2


def _local_maxima(loss: Tensor) -> Tensor:
    inside = loss[..., 1:-1]
    return ((inside > loss[..., :-2]) & (inside >= loss[..., 2:])).sum(-1).to(loss)


def _classes(curves: Curves) -> Tensor:
    return functional.one_hot(curves.seen, curves.logits.shape[-1]).amax(2).sum(-1).to(curves.logits)


SHAPE: Mapping[str, Read] = {
    # max L, the barrier's height (Vrabel et al. 2025, Fig. 6)
    "max_loss": lambda c: c.loss.amax(-1),
    # max L - max(L(0), L(1))
    "gap": lambda c: c.loss.amax(-1) - torch.maximum(c.loss[..., 0], c.loss[..., -1]),
    # integral of L over t, by the trapezoid rule
    "area": lambda c: torch.trapezoid(c.loss, c.t.to(c.loss), dim=-1),
    # argmax L
    "peak_position": lambda c: c.t.to(c.loss)[c.loss.argmax(-1)],
    # (L(h) - L(0)) / h
    "slope": lambda c: _slope(c.loss, c.t),
    # (L(2h) - 2 L(h) + L(0)) / h^2
    "curvature": lambda c: _curvature(c.loss, c.t),
    # positions inside whose loss is above that of the one before, and not below that of the one after
    "local_maxima": lambda c: _local_maxima(c.loss),
    # share of positions at which another class is seen
    "share_left": lambda c: (c.margin < 0).to(c.loss).mean(-1),
    # how many classes are seen
    "classes": _classes,
    # min M
    "least_margin": lambda c: c.margin.amin(-1),
    # (M(h) - M(0)) / h, and the second difference likewise
    "margin_slope": lambda c: _slope(c.margin, c.t),
    "margin_curvature": lambda c: _curvature(c.margin, c.t),
}
"""A number for every segment (n, s)."""


def _following(at: Callable[[Curves], Tensor]) -> Read:
    """The logit, all along, of the class that `at` names for each input (n,)."""

    def read(curves: Curves) -> Tensor:
        index = at(curves)[:, None, None, None].expand(*curves.logits.shape[:-1], 1)
        return curves.logits.gather(-1, index)[..., 0]

    return read


def _around(curves: Curves) -> Tensor:
    """The other class for which most is said in the first half of the segments, where an attack's own class returns."""
    first = curves.others[:, :, : max(2, (curves.logits.shape[2] + 1) // 2)]
    return first.mean((1, 2)).argmax(-1)


LEVELS: Mapping[str, Read] = {
    # logit of the predicted class
    "target": lambda c: c.target_logit,
    # highest other logit
    "rival": lambda c: c.others.amax(-1),
    # logit of the class that was second at the input
    "runner_up": _following(lambda c: c.others[:, 0, 0].argmax(-1)),
    # logit of the other class for which most is said around the input
    "around": _following(_around),
    # log sum exp of all logits
    "evidence": lambda c: c.evidence,
    # standard deviation of the logits
    "spread": lambda c: c.logits.std(-1),
    # M and L
    "margin": lambda c: c.margin,
    "loss": lambda c: c.loss,
}
"""A number for every position of every segment (n, s, m)."""


def curve_features(curves: Curves, kind: str) -> tuple[FeatureRows, list[str]]:
    """Features (n, f) of curves, with their names `kind.feature.statistic`.

    Over the segments of an input: mean, standard deviation, lowest and highest of every entry of `SHAPE`; mean and
    standard deviation of every entry of `LEVELS` at every position, and the mean's change from one to the next.
    """
    columns: list[Tensor] = []
    names: list[str] = []
    for name, read in SHAPE.items():
        values = read(curves)
        columns += [values.mean(1), _deviation(values), values.amin(1), values.amax(1)]
        names += [f"{kind}.{name}.{statistic}" for statistic in ("mean", "sd", "min", "max")]
    places = [f"{float(position):.3g}" for position in curves.t]
    for name, read in LEVELS.items():
        values = read(curves)
        mean, deviation = values.mean(1), _deviation(values)
        columns += [*mean.unbind(1), *deviation.unbind(1), *mean.diff(dim=1).unbind(1)]
        names += [f"{kind}.{name}@{place}.mean" for place in places]
        names += [f"{kind}.{name}@{place}.sd" for place in places]
        names += [f"{kind}.{name}@{place}.step" for place in places[1:]]
    return torch.stack(columns, 1), names


def _deviation(values: Tensor) -> Tensor:
    """Standard deviation over segments, with a slope at zero that stays finite."""
    return (values.var(1, unbiased=False) + 1e-12).sqrt()
