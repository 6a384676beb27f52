"""Transfer: how high a path that was found on one network is on another, beside paths that were found on none."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, final

import numpy as np
import torch

from isthmus._core.progress import OnProgress, Progress
from isthmus._core.random import numpy_generator
from isthmus.connecting.connection import Connection
from isthmus.connecting.connections import Connections
from isthmus.estimates import ClassDraws, Estimate, Floats, mean, mean_of_few, median, share
from isthmus.landscapes import AbstractLandscape
from isthmus.paths import AbstractPath, Polyline
from isthmus.profiles import profile_many

# found: as it was found on the other network. mirrored: bent to the other side. direct: straight.
KINDS = ("found", "mirrored", "direct")
GROUP = 64  # pairs whose paths are looked at together


@final
@dataclass(frozen=True, kw_only=True)
class Transfer:
    """How paths found on one network are on another. Pairs take part that a bypass has connected on the first, with the
    same target on both.

    Attributes:
        found_on, on: names of the two runs.
        blocked: whether it is about pairs whose direct path is too high on the second network as well, so that there is
            something to carry over; else about those where it is low already, so that there is something to spoil.
        path: which of `KINDS`; `mirrored` and `direct` are controls.
        low: share of the paths that stay at or below the threshold of the second network's own run.
        less: share of the path found less that of this one, pair by pair.
        gap: median of max loss less the higher end, on the second network.
        bent: deviation of these paths / deviation of those found, in the mean: the domain cuts mirrored ones short.
        pairs: counted.
        left_out: of these, pairs whose loss is not finite.
    """

    found_on: str
    on: str
    blocked: bool
    path: str
    low: Estimate
    less: Estimate
    gap: Estimate
    bent: float
    pairs: int
    left_out: int


class _Looked(NamedTuple):
    """Max loss and gap of paths on a network (n, 2), and their deviations (n,)."""

    top: Floats
    deviation: Floats


def transfers(
    runs: Mapping[str, Connections],
    landscapes: Mapping[str, AbstractLandscape],
    places: Sequence[Sequence[int]],
    *,
    seed: int = 0,
    on_progress: OnProgress | None = None,
) -> list[Transfer]:
    """Looks at the paths of every run on every landscape; of those that a run has looked at itself it is asked.

    Args:
        runs: what was found, by name.
        landscapes: on which each was found, by the same names.
        places: of every pair, its number in each run.
        seed: of the bootstrap.
        on_progress: called on the way, with paths.
    """
    names = list(runs)
    found: list[Transfer] = []
    distinct = {id(each): each for each in landscapes.values()}.values()
    before, done = sum(each.forward_equivalents for each in distinct), 0
    chosen = {
        (source, target): [
            (pair, own)
            for pair, own in ((runs[source][each[i]], runs[target][each[j]]) for each in places)
            if pair.moved and pair.connected and pair.target == own.target
        ]
        for i, source in enumerate(names)
        for j, target in enumerate(names)
    }
    total = sum(
        len(both) for (source, target), both in chosen.items() for kind in KINDS if _known(source, target, kind) is None
    )
    for (source, target), both in chosen.items():
        looked = {}
        for kind in KINDS:
            known = _known(source, target, kind)
            if known is not None:
                looked[kind] = _seen_before(both, known)
                continue
            parts = []
            for first in range(0, len(both), GROUP):
                parts.append(_look(landscapes[target], both[first : first + GROUP], kind))
                done += len(both[first : first + GROUP])
                if on_progress is not None:
                    spent = sum(each.forward_equivalents for each in distinct) - before
                    on_progress(Progress(done, total, spent))
            looked[kind] = _joined(parts)
        blocked = np.array([not own.direct_connected for _, own in both], dtype=bool)
        for state in (True, False):
            rows = blocked == state
            if rows.any():
                found += _transfers(source, target, state, both, looked, rows, seed)
    return found


def _known(source: str, target: str, kind: str) -> Literal["direct", "profile"] | None:
    """What the second network's own run knows of such paths: the direct ones, and those that were found on it."""
    if kind == "direct":
        return "direct"
    return "profile" if kind == "found" and source == target else None


def _seen_before(both: Sequence[tuple[Connection, Connection]], known: Literal["direct", "profile"]) -> _Looked:
    seen = [own.direct if known == "direct" else own.profile for _, own in both]
    top = np.array([[each.max_loss, each.gap] for each in seen]).reshape(-1, 2)
    return _Looked(top, np.array([0.0 if known == "direct" else own.path.deviation for _, own in both]))


def _look(landscape: AbstractLandscape, both: Sequence[tuple[Connection, Connection]], kind: str) -> _Looked:
    paths = [_path(pair, kind, landscape) for pair, _ in both]
    seen = profile_many(
        landscape,
        paths,
        torch.tensor([own.target for _, own in both]),
        ceiling=torch.tensor([own.threshold for _, own in both], dtype=torch.float64),
    )
    top = np.array([[each.max_loss, each.gap] for each in seen])
    return _Looked(top, np.array([path.deviation for path in paths]))


def _joined(parts: Sequence[_Looked]) -> _Looked:
    if not parts:
        return _Looked(np.zeros((0, 2)), np.zeros(0))
    return _Looked(np.concatenate([part.top for part in parts]), np.concatenate([part.deviation for part in parts]))


def _transfers(
    source: str,
    target: str,
    blocked: bool,
    both: Sequence[tuple[Connection, Connection]],
    looked: Mapping[str, _Looked],
    rows: np.ndarray[tuple[int], np.dtype[np.bool_]],
    seed: int,
) -> list[Transfer]:
    limit = np.array([own.threshold for _, own in both])
    known = rows & np.all([np.isfinite(each.top).all(1) for each in looked.values()], axis=0)
    cluster = np.array([own.target for _, own in both])[known]
    draws = ClassDraws.of(cluster, numpy_generator(seed)) if len(np.unique(cluster)) > 1 else None
    low = {kind: (each.top[:, 0] <= limit)[known].astype(float) for kind, each in looked.items()}
    nothing = Estimate(math.nan, math.nan, math.nan)

    def less(kind: str) -> Estimate:
        apart = low["found"] - low[kind]
        if kind == "found" or not len(apart):
            return nothing
        return mean_of_few(apart, low=-1.0, high=1.0) if draws is None else mean(apart, draws)

    return [
        Transfer(
            found_on=source,
            on=target,
            blocked=blocked,
            path=kind,
            low=share(low[kind], draws) if known.any() else nothing,
            less=less(kind),
            gap=median(each.top[known, 1], draws) if known.any() else nothing,
            bent=float(np.mean(each.deviation[known] / looked["found"].deviation[known])) if known.any() else math.nan,
            pairs=int(known.sum()),
            left_out=int((rows & ~known).sum()),
        )
        for kind, each in looked.items()
    ]


def _path(pair: Connection, kind: str, landscape: AbstractLandscape) -> AbstractPath:
    path = mirrored(pair.path, landscape) if kind == "mirrored" else pair.path
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
