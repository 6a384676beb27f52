"""Transfer: how high a path that was found on one network is on another, beside paths that were found on none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch

from isthmus._core.progress import OnProgress, Progress
from isthmus._core.random import numpy_generator
from isthmus.connecting.connection import Connection
from isthmus.connecting.connections import Connections
from isthmus.connecting.loop import SLACK
from isthmus.estimates import ClassDraws, Estimate, Floats, mean, median
from isthmus.landscapes import AbstractLandscape
from isthmus.paths import AbstractPath, Polyline
from isthmus.profiles import profile_many

# found: as it was found on the other network. mirrored: bent as far, to the other side. direct: straight.
KINDS = ("found", "mirrored", "direct")
GROUP = 64  # pairs whose paths are looked at together


@final
@dataclass(frozen=True, kw_only=True)
class Transfer:
    """How paths found on one network are on another.

    Attributes:
        found_on, on: names of the two runs.
        path: which of `KINDS`: `mirrored` and `direct` are controls.
        low: share of the paths that stay at or below the threshold of the second network's own run.
        gap: median of max loss less the higher end, on the second network.
        pairs: counted: those whose direct path is too high on the network that the path was found on.
        left_out: others, and pairs whose loss is not finite.
    """

    found_on: str
    on: str
    path: str
    low: Estimate
    gap: Estimate
    pairs: int
    left_out: int


def transfers(
    runs: Mapping[str, Connections],
    landscapes: Mapping[str, AbstractLandscape],
    places: Sequence[Sequence[int]],
    *,
    seed: int = 0,
    on_progress: OnProgress | None = None,
) -> list[Transfer]:
    """Looks at the paths of every run on every landscape.

    Args:
        runs: what was found, by name.
        landscapes: on which each was found, by the same names.
        places: of every pair, its number in each run.
        seed: of the bootstrap.
        on_progress: called on the way.
    """
    names = list(runs)
    found: list[Transfer] = []
    total, done = len(names) ** 2 * len(KINDS) * len(places), 0
    distinct = {id(each): each for each in landscapes.values()}.values()
    before = sum(each.forward_equivalents for each in distinct)
    for source, name in enumerate(names):
        pairs = [runs[name][each[source]] for each in places]
        bent = [number for number, pair in enumerate(pairs) if pair.moved]
        for target, other in enumerate(names):
            own = [runs[other][each[target]] for each in places]
            for kind in KINDS:
                top, limit, cluster = [], [], []
                for first in range(0, len(bent), GROUP):
                    some = bent[first : first + GROUP]
                    paths = [_path(pairs[number], kind, landscapes[other]) for number in some]
                    aims = torch.tensor([own[number].target for number in some])
                    seen = profile_many(landscapes[other], paths, aims)
                    top += [[each.max_loss, each.gap] for each in seen]
                    limit += [_threshold(own[number]) for number in some]
                    cluster += [own[number].target for number in some]
                    if on_progress is not None:
                        cost = sum(each.forward_equivalents for each in distinct) - before
                        on_progress(Progress(done + first + len(some), total, cost))
                done += len(places)
                found.append(
                    _transfer(name, other, kind, np.array(top).reshape(-1, 2), limit, cluster, len(places), seed)
                )
    return found


def _transfer(
    name: str, other: str, kind: str, top: Floats, limit: list[float], cluster: list[int], total: int, seed: int
) -> Transfer:
    known = np.isfinite(top).all(1)
    clusters = np.array(cluster)[known]
    draws = ClassDraws.of(clusters, numpy_generator(seed)) if len(set(clusters.tolist())) > 1 else None
    low = (top[known, 0] <= np.array(limit)[known]).astype(float)
    return Transfer(
        found_on=name,
        on=other,
        path=kind,
        low=mean(low, draws),
        gap=median(top[known, 1], draws) if known.any() else Estimate(math.nan, math.nan, math.nan),
        pairs=int(known.sum()),
        left_out=total - int(known.sum()),
    )


def _path(pair: Connection, kind: str, landscape: AbstractLandscape) -> AbstractPath:
    if kind == "direct":
        path: AbstractPath = pair.direct_path
    elif kind == "mirrored":
        path = mirrored(pair.path, landscape)
    else:
        path = pair.path
    return path.to(landscape.device)


def mirrored(path: AbstractPath, landscape: AbstractLandscape) -> Polyline:
    """The path on the other side of its chord, inside the domain: bent as far, but for what the domain cuts off."""
    vertices = path.in_float().to_polyline().vertices
    ends, shape = vertices[[0, -1]].double(), (-1, *(1,) * (vertices.ndim - 1))
    chord = ends[1] - ends[0]
    t = ((vertices.double() - ends[0]) * chord).flatten(1).sum(1) / (chord.square().sum() or 1.0)
    foot = ends[0] + t.reshape(shape) * chord
    turned = (2 * foot - vertices.double()).to(vertices.dtype)
    inside = landscape.domain.project(turned)
    inside[[0, -1]] = vertices[[0, -1]]
    return Polyline(inside)


def _threshold(pair: Connection) -> float:
    """The threshold that the pair has on its own network; where that was not finite, what it would have been."""
    if math.isfinite(pair.threshold):
        return pair.threshold
    return float(torch.maximum(pair.direct.loss[0], pair.direct.loss[-1])) + SLACK
