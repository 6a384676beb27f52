"""saddles: what a landscape is like where regions join: curvature across the path, and what the network sees there.

At a true saddle the loss falls off along the path only, and curves upward in every direction across it. Networks of
ReLUs have no curvature but at their kinks, so that curvature is measured as a user would meet it: by differences of
gradients over a stated distance.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, final

import numpy as np
import torch
from scipy.linalg import null_space
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from isthmus._core.geometry import norms
from isthmus._core.shapes import Input
from isthmus.errors import InputError
from isthmus.graphs.edges import Floats
from isthmus.landscapes import AbstractLandscape

if TYPE_CHECKING:
    from isthmus.graphs.graph import BarrierGraph, Narrow

REACH = 0.01  # share of the edge's length over which gradients are compared
VALUES = 6  # lowest curvatures that are looked for
ROUNDINGS = 64  # units in the last place that a gradient may be off by
SMALL = 40  # numbers of an input up to which all curvatures are computed


@final
@dataclass(frozen=True, eq=False)
class Saddle:
    """The peak of an edge at which two regions join.

    Attributes:
        i, j: the two inputs of the edge.
        sizes: inputs of the two regions that meet there, the smaller first.
        max_loss: at the peak.
        curvatures: of the loss along the directions across the edge in which it is lowest (k,), ascending, per squared
            data unit.
        doubt: what they may be off by through rounding of gradients.
        negative: how many of them are below 0 for sure: 0 at a saddle of the path alone. `VALUES` stands for as many
            or more.
        flat: whether none of them can be told from 0.
        slope: of the loss across the edge, per data unit: 0 at a true saddle.
        other_class: the class that is most likely there beside the target.
        other_probability: its softmax probability there.
        reach: distance over which gradients were compared, in data units.
        peak: the input (*input).
    """

    i: int
    j: int
    sizes: tuple[int, int]
    max_loss: float
    curvatures: tuple[float, ...]
    doubt: float
    slope: float
    other_class: int
    other_probability: float
    reach: float
    peak: Input = field(repr=False)

    @property
    def negative(self) -> int:
        """Directions across the edge in which the loss curves downward."""
        return sum(value < -self.doubt for value in self.curvatures)

    @property
    def flat(self) -> bool:
        """Whether no curvature can be told from 0, as between the kinks of a network of ReLUs."""
        return all(abs(value) <= self.doubt for value in self.curvatures)


def saddles(
    landscape: AbstractLandscape, graph: BarrierGraph, *, count: int = 5, least: int = 2, values: int = VALUES
) -> tuple[Saddle, ...]:
    """The peaks of the narrowest edges of a graph, the highest first.

    Args:
        landscape: that the graph was made on.
        graph: the graph.
        count: peaks at most.
        least: inputs that the smaller of the two regions has at least.
        values: curvatures that are looked for; each takes some ten gradients.
    """
    if values < 1:
        raise InputError(f"saddles needs values >= 1, got {values}.")
    with landscape.fixed():
        return tuple(_saddle(landscape, graph, place, values) for place in graph.narrowest(count, least=least))


def saddles_of_each(landscape: AbstractLandscape, graph: BarrierGraph, *, count: int) -> tuple[Saddle, ...]:
    """So many of every target, the highest of each first; arguments as of `saddles`."""
    found: list[Saddle] = []
    for target in torch.unique(graph.target).tolist():
        members = np.flatnonzero(graph.target.numpy() == target)
        own = saddles(landscape, graph.subgraph(members), count=count)
        found += [replace(each, i=int(members[each.i]), j=int(members[each.j])) for each in own]
    return tuple(found)


def _saddle(landscape: AbstractLandscape, graph: BarrierGraph, place: Narrow, values: int) -> Saddle:
    i, j = place.i, place.j
    target = graph.target[i : i + 1]
    x = landscape.prepare(place.peak[None])
    x = x.to(torch.promote_types(x.dtype, torch.float32))
    along = (graph.x[j] - graph.x[i]).double().flatten().numpy()
    length = float(np.linalg.norm(along)) or 1.0
    along = along / length
    reach = REACH * length
    loss, gradient = landscape.gradient(x, target, validated=True)
    logits = landscape.evaluate(x, target, validated=True).logits[0].double().cpu()
    across = gradient[0].double().flatten().cpu().numpy()
    across -= along * (along @ across)

    def bent(vector: Floats) -> Floats:
        direction = vector.ravel() - along * (along @ vector.ravel())
        step = torch.from_numpy(direction).to(x).reshape(x.shape) * reach
        size = float(norms(step)) / reach
        if size == 0:
            return np.zeros_like(direction)
        step = step / size
        sides = torch.cat([x + step, x - step])
        slopes = landscape.gradient(sides, target.repeat(2), validated=True).gradient.double().flatten(1).cpu().numpy()
        turned = (slopes[0] - slopes[1]) / (2 * reach) * size
        return np.asarray(turned - along * (along @ turned))

    lowest = _lowest(bent, along, values)
    others = logits.softmax(0)
    own = int(target)
    if own < len(others):
        others = others.clone()
        others[own] = -1
    other = int(others.argmax())
    return Saddle(
        i=i,
        j=j,
        sizes=place.sizes,
        max_loss=float(loss),
        curvatures=tuple(sorted(float(direction @ bent(direction)) for direction in lowest)),
        doubt=ROUNDINGS * torch.finfo(x.dtype).eps * float(norms(gradient)[0]) / reach if reach else 0.0,
        slope=float(np.linalg.norm(across)),
        other_class=other,
        other_probability=max(0.0, float(others[other])),
        reach=reach,
        peak=place.peak,
    )


def _lowest(bent: Callable[[Floats], Floats], along: Floats, values: int) -> Floats:
    """Directions (k, n) orthogonal to a given one, of the lowest eigenvalues of an operator that is nearly symmetric.

    Differences of gradients over a distance are not quite linear in the direction, so that eigenvalues may be negative
    where no direction curves downward: what counts is the curvature along each.
    """
    size = len(along)
    if size <= SMALL:
        basis = null_space(along[None])
        whole = basis.T @ np.stack([bent(column) for column in basis.T], axis=1) if size > 1 else np.zeros((0, 0))
        _, vectors = np.linalg.eigh((whole + whole.T) / 2)
        return np.asarray((basis @ vectors).T[:values], np.float64)
    start = np.random.default_rng(0).normal(size=size)
    start -= along * (along @ start)
    high = 10 * float(np.linalg.norm(bent(start)) / np.linalg.norm(start))  # lifts the direction itself out of the way
    if high == 0:  # as flat as can be, in every direction there is
        return np.asarray(start[None] / np.linalg.norm(start), np.float64)

    def lifted(vector: Floats) -> Floats:
        flat = vector.ravel()
        return bent(flat) + high * along * (along @ flat)

    operator = LinearOperator((size, size), matvec=lifted, dtype=np.float64)
    try:
        _, found = eigsh(operator, k=min(values, size - 2), which="SA", v0=start, tol=1e-2, maxiter=20)
    except ArpackNoConvergence as stopped:  # flat directions are close together: what has settled is told
        found = stopped.eigenvectors
    across = found - np.outer(along, along @ found)
    return np.asarray((across / np.linalg.norm(across, axis=0)).T, np.float64)
