"""The tables of the experiment on untrained networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from isthmus.estimates import mean
from isthmus.findings.findings import Table
from isthmus.studies import Group


def by_network(groups: Sequence[Group]) -> Table:
    """Each draw of weights."""
    most = max(len(group.connected_after) for group in groups)
    rows = []
    for group in groups:
        row: dict[str, Any] = {"network": group.network, "pairs": group.counted, "not_made": group.not_made}
        for number in range(most):
            row[f"after_{number}"] = group.connected_after[min(number, len(group.connected_after) - 1)]
        row |= {"direct_gap": group.medians["direct_gap"], "gap": group.medians["gap"], "deviation": group.deviation}
        rows.append(row)
    columns = {"network": "weights", "pairs": "pairs", "not_made": "not made"}
    columns |= {f"after_{number}": "direct" if number == 0 else f"after {number}" for number in range(most)}
    columns |= {"direct_gap": "gap before", "gap": "gap after", "deviation": "deviation"}
    return Table(
        name="networks",
        title="By draw of weights",
        columns=columns,
        rows=rows,
        percent=frozenset({"deviation", *(f"after_{number}" for number in range(most))}),
        note="Shares after so many rounds at most, with 95 % intervals from a bootstrap of whole classes.",
    )


def by_class(rows: Sequence[Mapping[str, Any]]) -> Table:
    """Each class, over all draws of weights."""
    found = []
    for target in sorted({row["target"] for row in rows}):
        mine = [row for row in rows if row["target"] == target]
        found.append(
            {
                "target": f"class {target}",
                "pairs": len(mine),
                "direct": mean(np.array([row["direct_connected"] for row in mine], dtype=float), None),
                "connected": mean(np.array([row["connected"] for row in mine], dtype=float), None),
                "gap": float(np.median([row["direct_gap"] for row in mine])),
            }
        )
    return Table(
        name="classes",
        title="By class, over all draws of weights",
        columns={
            "target": "class", "pairs": "pairs", "direct": "direct", "connected": "connected in the end",
            "gap": "median gap before",
        },
        rows=found,
        percent=frozenset({"direct", "connected"}),
        note="95 % intervals by Wilson, which take pairs as independent.",
    )  # fmt: skip
