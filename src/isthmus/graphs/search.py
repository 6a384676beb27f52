"""search: the minimum spanning forest over candidates, with as few segments looked at as may be.

The loss of its higher end bounds the max loss of a segment from below. So the minimum spanning forest is drawn as if
every segment that was not looked at yet were as low as that; those of its edges are looked at, and it is drawn again,
until nothing in it is a hope any more: then it is the forest of all candidates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from isthmus.graphs.candidates import Candidates
from isthmus.graphs.edges import Edges, Floats, Numbers, key_of
from isthmus.graphs.forest import Forest

LEAST = 32  # segments that are looked at together, where there are as many
Look: TypeAlias = Callable[[Numbers, Numbers], Edges]  # segments between i and j -> what was seen of them


def search(
    loss: Floats,
    candidates: Candidates,
    look: Look,
    *,
    tolerance: float,
    budget: int,
    known: Edges | None = None,
    on_edges: Callable[[Edges], None] | None = None,
) -> Edges:
    """Looks at candidates until their minimum spanning forest is known up to the tolerance, or the budget is spent.

    Args:
        loss: of each input (n,).
        candidates: what may be looked at.
        look: looks at segments, many at a time.
        tolerance: a segment that is higher than its ends by no more counts as low as these.
        budget: segments at most.
        known: what was looked at before.
        on_edges: called with all edges so far, whenever there are more.

    Returns:
        All edges that were looked at, those known among them.
    """
    edges = Edges.none() if known is None else known
    while len(edges) < budget:
        rows = _next(loss, candidates, edges, tolerance)
        if not len(rows):
            break
        rows = rows[: budget - len(edges)]
        edges = Edges.join([edges, look(candidates.high[rows], candidates.low[rows])])
        if on_edges is not None:
            on_edges(edges)
    return edges


def _next(loss: Floats, candidates: Candidates, edges: Edges, tolerance: float) -> Numbers:
    """Candidates to be looked at next: the hopes in the best forest that may be. Where they are few, those are added
    that would be next if these came to nothing: looking at many at once is cheaper.
    """
    n, (high, low, score) = len(loss), candidates
    bound = np.maximum(loss[high], loss[low])
    keys, known = key_of(high, low, n), key_of(edges.i, edges.j, n)
    weight, seen = bound.copy(), np.zeros(len(keys), bool)
    if len(known):
        order = np.argsort(known)
        at = order[np.minimum(np.searchsorted(known[order], keys), len(known) - 1)]
        seen = known[at] == keys
        higher = seen & ~(edges.direct[at] <= bound + tolerance)
        weight[higher] = np.nan_to_num(edges.direct[at[higher]], nan=np.inf)
    chosen = np.zeros(0, np.int64)
    for _ in range(LEAST):
        ranked = np.lexsort((score, ~seen, weight))
        hoped = ranked[Forest.spanning(loss, high[ranked], low[ranked], weight[ranked]).row]
        wanted = hoped[~seen[hoped]]
        chosen = np.concatenate([chosen, wanted])
        if not len(wanted) or len(chosen) >= LEAST:
            break
        seen[wanted], weight[wanted] = True, np.inf
    return chosen[np.argsort(score[chosen], kind="stable")]
