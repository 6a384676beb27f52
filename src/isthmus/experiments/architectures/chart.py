"""The chart of the experiment across architectures: shares connected, and deviations."""

from __future__ import annotations

from collections.abc import Sequence

from isthmus.charts import Axis, Chart, Key, Mark, Panel, rows_of, whisker_of
from isthmus.reports import style
from isthmus.studies import Group

STAGES = (("direct path", style.DIRECT, "o"), ("after 1 round", style.PEAK, "s"), ("after 2 rounds", style.FOUND, "D"))


def architectures_chart(groups: Sequence[Group]) -> Chart:
    """A row for every network."""
    shares: list[Mark] = []
    deviations: list[Mark] = []
    for row, group in enumerate(groups):
        for place, (stage, color, marker) in enumerate(STAGES):
            after = group.connected_after[min(place, len(group.connected_after) - 1)]
            at = row + 0.22 * (place - 1)
            shares.append(whisker_of(after, at, color, scale=100, marker=marker, name=f"{group.network}, {stage}"))
        deviations.append(whisker_of(group.deviation, row, style.FOUND, scale=100))
    rows = rows_of([f"{group.network}\n{group.counted:,} pairs" for group in groups])
    percent = Axis(label="pairs connected (%)", high=101)
    away = Axis(label="deviation of the path found (% of |AC|)", low=0)
    return Chart(
        panels=[
            Panel(title="Connected pairs", marks=shares, x=percent, y=rows, width=1.35),
            Panel(title="How far paths leave the straight line", marks=deviations, x=away, y=rows),
        ],
        keys=[Key(name=name, color=color, marker=marker) for name, color, marker in STAGES],
        size=(11, 1.9 + 0.62 * len(groups)),
        shared=True,
    )
