"""Picking: the pairs of each group that show what the group is like: the best, the median and the worst."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pyarrow


@dataclass(frozen=True, kw_only=True)
class Pick:
    """A pair, by its number in the study, and what it is shown for."""

    pair: int
    network: str
    inputs: str
    kind: str
    rank: str


def pick(batches: Iterable[pyarrow.Table]) -> list[Pick]:
    """Three pairs of each group, by how far the path found stays above its threshold, and where it does not, by the gap
    of the direct path. Pairs without finite losses take no part.
    """
    groups: dict[tuple[str, str, str], list[Any]] = {}
    for batch in batches:
        part = {name: batch[name].to_pylist() for name in ("network", "inputs", "kind")}
        columns = [
            np.asarray(batch[name].to_pylist(), dtype=float) for name in ("max_loss", "threshold", "direct_gap", "pair")
        ]
        excess = np.maximum(columns[0] - columns[1], 0)
        numbers = np.column_stack([excess, *columns[2:]])
        keys = list(zip(*part.values(), strict=True))
        for key in dict.fromkeys(keys):
            mine = numbers[[other == key for other in keys]]
            groups.setdefault(key, []).append(mine[np.isfinite(mine).all(1)])
    picks = []
    for (network, inputs, kind), parts in groups.items():
        rows = np.concatenate(parts)
        if network is None or not len(rows):
            continue
        order = np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))
        places = {"best": 0, "worst": len(order) - 1, "median": (len(order) - 1) // 2}
        shown: set[int] = set()
        for rank, place in places.items():
            if place not in shown:
                shown.add(place)
                pair = int(rows[order[place], 2])
                picks.append(Pick(pair=pair, network=network, inputs=inputs, kind=kind, rank=rank))
    return picks
