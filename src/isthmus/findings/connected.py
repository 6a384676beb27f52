"""How many pairs of a group are connected, after how many rounds: what tables and charts of experiments share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any

from isthmus.charts import Axis, Chart, Key, Mark, Panel, whisker_of
from isthmus.estimates import Estimate
from isthmus.reports.style import FOUND
from isthmus.studies import Group

PERCENT = frozenset({"direct", "after_1", "after_2", "end", "class_connected", "deviation"})
HEADINGS = MappingProxyType(
    {
        "direct": "direct",
        "after_1": "after 1 round",
        "after_2": "after 2",
        "end": "in the end",
        "class_connected": "class kept",
        "direct_gap": "median gap before",
        "deviation": "deviation",
        "cost": "forward-equivalents",
    }
)


def connected_row(group: Group) -> dict[str, Any]:
    """The values under these headings, of a group."""
    after = group.connected_after
    return {
        "direct": after[0],
        "after_1": after[min(1, len(after) - 1)],
        "after_2": after[min(2, len(after) - 1)],
        "end": after[-1],
        "class_connected": group.class_connected,
        "direct_gap": group.medians["direct_gap"],
        "deviation": group.deviation,
        "cost": group.cost,
    }


def connected_chart(
    groups: Sequence[Group],
    rows: Axis,
    called: Sequence[str],
    stages: Sequence[Key],
    reached: Callable[[Group, int], Estimate],
    *,
    title: str,
    away: str,
    height: float,
) -> Chart:
    """A row for every group: the share connected at each stage, and how far paths leave the straight line.

    Args:
        groups: what was measured.
        rows: the axis with a tick for each group.
        called: what each is called beside the pointer.
        stages: name, colour and marker of each.
        reached: share of a group that is connected at a stage.
        title: of the shares.
        away: label of the deviations.
        height: of the file, in inches.
    """
    assert rows.ticks is not None
    shares: list[Mark] = []
    deviations: list[Mark] = []
    for group, (place, _), name in zip(groups, rows.ticks, called, strict=True):
        for number, stage in enumerate(stages):
            at = place + 0.22 * (number - 1)
            look = {"marker": stage.marker, "name": f"{name}, {stage.name}"}
            shares.append(whisker_of(reached(group, number), at, stage.color, scale=100, **look))
        if not math.isnan(group.deviation.value):
            deviations.append(whisker_of(group.deviation, place, FOUND, scale=100))
    percent = Axis(label="pairs connected (%)", high=101)
    return Chart(
        panels=[
            Panel(title=title, marks=shares, x=percent, y=rows, width=1.35),
            Panel(title="How far paths leave the straight line", marks=deviations, x=Axis(label=away, low=0), y=rows),
        ],
        keys=stages,
        size=(11, height),
        shared=True,
    )
