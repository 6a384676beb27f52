"""bypass: paths around the peaks of those edges that keep a graph from being one region at a level."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from isthmus._core.shapes import Inputs, Targets
from isthmus.connecting import Connections, connect
from isthmus.connecting.connectors import AnyConnector
from isthmus.graphs.edges import Edges, Floats, Numbers
from isthmus.graphs.forest import Forest
from isthmus.landscapes import AbstractLandscape
from isthmus.paths import Polyline
from isthmus.profiles import Sampling, profile_many

TRIES = 3  # edges that are tried across every gap


def bypass(
    landscape: AbstractLandscape,
    x: Inputs,
    target: Targets,
    loss: Floats,
    edges: Edges,
    *,
    method: AnyConnector,
    level: float,
    sampling: Sampling | None = None,
    seed: int = 0,
) -> tuple[Edges, dict[int, Polyline]]:
    """Looks for paths below a level where edges of the forest are above it, and if that fails beside them.

    Returns:
        The edges with what was found, and the paths by the row of their edge, each from i to j.
    """
    paths: dict[int, Polyline] = {}
    for _ in range(TRIES):
        rows = _gaps(loss, edges, level)
        if not len(rows):
            break
        i, j = (torch.from_numpy(side[rows]) for side in (edges.i, edges.j))
        before = landscape.forward_equivalents
        a, c = x[i], x[j]
        found = connect(landscape, a, c, target[i], method=method, threshold=level, sampling=sampling, seed=seed)
        lines = [pair.path.to_polyline() for pair in found]
        max_loss, peak_t = _as_polylines(landscape, found, lines, sampling)
        cost = (landscape.forward_equivalents - before) // len(rows)
        paths |= dict(zip(rows.tolist(), lines, strict=True))
        new = {name: getattr(edges, name).copy() for name in ("found", "found_t", "cost")}
        new["found"][rows], new["found_t"][rows] = max_loss, peak_t
        new["cost"][rows] += cost
        edges = replace(edges, **new)
    return edges, paths


def _gaps(loss: Floats, edges: Edges, level: float) -> Numbers:
    """Edges above the level that would join what nothing below it joins, the lowest ones of those not tried yet."""
    tried = ~np.isnan(edges.found)
    weight = np.where(tried & (edges.max_loss > level), np.inf, edges.max_loss)
    rows = Forest.spanning(loss, edges.i, edges.j, weight).row
    ends = np.maximum(loss[edges.i[rows]], loss[edges.j[rows]])
    chosen: Numbers = rows[(edges.max_loss[rows] > level) & ~tried[rows] & (ends <= level)]
    return chosen


def _as_polylines(
    landscape: AbstractLandscape, found: Connections, lines: list[Polyline], sampling: Sampling | None
) -> tuple[Floats, Floats]:
    """Max loss and its place, of curves as the polylines that a graph is made of."""
    profiles = [pair.profile for pair in found]
    curved = [row for row, pair in enumerate(found) if not isinstance(pair.path, Polyline)]
    if curved:
        targets = torch.tensor([found[row].target for row in curved])
        again = profile_many(landscape, [lines[row].to(landscape.device) for row in curved], targets, sampling=sampling)
        for row, profile in zip(curved, again, strict=True):
            profiles[row] = profile
    return np.array([each.max_loss for each in profiles]), np.array([each.argmax_t for each in profiles])
