"""search: the minimum spanning forest over candidates, with as few segments looked at as may be.

The loss of its higher end bounds the max loss of a segment from below. So the minimum spanning forest is drawn as if
every segment that was not looked at yet were as low as that; those of its edges are looked at, and it is drawn again,
until nothing in it is a hope any more: then it is the forest of all candidates.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from isthmus.graphs.candidates import Candidates
from isthmus.graphs.edges import Edges, Flags, Floats, Numbers, key_of
from isthmus.graphs.forest import Forest

LEAST = 32  # segments that are looked at together, where there are as many
GROWTH = 20  # what is looked at next is a twentieth of what was looked at so far, or more, where there is as much
MANY = 20_000  # inputs beyond which drawing the forest takes longer than looking at a few segments too many
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
    if not len(high):
        return np.zeros(0, np.int64)
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
    if n > MANY:
        wanted = _hoped(loss, candidates, weight, seen)
        chosen = np.union1d(wanted, _more(high, seen, high[wanted]))
        if 0 < len(chosen) < len(edges) // GROWTH:
            chosen = np.union1d(chosen, _across(candidates, weight, seen, float(weight[wanted].max()), edges, n))
        return chosen[np.argsort(score[chosen], kind="stable")]
    for _ in range(LEAST):
        wanted = _hoped(loss, candidates, weight, seen)
        chosen = np.concatenate([chosen, wanted])
        if not len(wanted) or len(chosen) >= LEAST:
            break
        seen[wanted], weight[wanted] = True, np.inf
    return chosen[np.argsort(score[chosen], kind="stable")]


def _hoped(loss: Floats, candidates: Candidates, weight: Floats, seen: Flags) -> Numbers:
    """Edges of the best forest that may be which nobody has looked at."""
    high, low, score = candidates
    ranked = np.lexsort((score, ~seen, weight))
    hoped = ranked[Forest.spanning(loss, high[ranked], low[ranked], weight[ranked]).row]
    return hoped[~seen[hoped]]


def _across(candidates: Candidates, weight: Floats, seen: Flags, level: float, edges: Edges, n: int) -> Numbers:
    """Candidates that nobody has looked at between regions that are not joined as low as a level, and may be no higher
    than that: what they lead across may be lower than is known. Higher levels are tried as long as there are few.
    """
    quota, count = len(edges) // GROWTH, 0
    open_ = np.flatnonzero(~seen & np.isfinite(weight))
    open_ = open_[np.lexsort((candidates.score[open_], weight[open_]))]
    levels, useful = weight[open_], np.zeros(0, np.int64)
    reach = int(np.searchsorted(levels, level, side="right"))
    while len(useful) < quota and count < len(open_):
        count = max(count + count // 4, quota, reach)
        level = float(levels[min(count, len(open_)) - 1])
        reach = int(np.searchsorted(levels, level, side="right"))
        low = np.flatnonzero(edges.direct <= level)
        graph = coo_array((np.ones(len(low)), (edges.i[low], edges.j[low])), shape=(n, n))
        region = connected_components(graph, directed=False)[1]
        some = open_[:reach]
        useful = np.union1d(useful, some[region[candidates.high[some]] != region[candidates.low[some]]])
    return useful[np.lexsort((candidates.score[useful], weight[useful]))][:quota]


def _more(high: Numbers, seen: Flags, inputs: Numbers) -> Numbers:
    """Of some inputs the next candidates that nobody has looked at: one, or twice as many after every one that came to
    nothing, so that the forest need not be drawn as often as an input has candidates. Those of an input lie together,
    best first.
    """
    failed = np.bincount(high[seen], minlength=int(high.max()) + 1)
    wanted = np.zeros(len(failed), bool)
    wanted[inputs] = True
    unseen = np.cumsum(~seen)
    begins = np.flatnonzero(np.diff(high, prepend=-1))
    before: Numbers = unseen[begins] - ~seen[begins]
    place = unseen - np.repeat(before, np.diff(begins, append=len(high))) - 1
    return np.flatnonzero(wanted[high] & ~seen & (place < 2.0 ** np.minimum(failed[high], 32)))
