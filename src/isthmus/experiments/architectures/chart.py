"""The chart of the experiment across architectures: shares connected, and deviations."""

from __future__ import annotations

from collections.abc import Sequence

from isthmus.charts import Chart, Key, rows_of
from isthmus.estimates import Estimate
from isthmus.findings.connected import connected_chart
from isthmus.reports import style
from isthmus.studies import Group

STAGES = (
    Key(name="direct path", color=style.DIRECT, marker="o"),
    Key(name="after 1 round", color=style.PEAK, marker="s"),
    Key(name="after 2 rounds", color=style.FOUND, marker="D"),
)


def architectures_chart(groups: Sequence[Group]) -> Chart:
    """A row for every network."""
    return connected_chart(
        groups,
        rows_of([f"{group.network}\n{group.counted:,} pairs" for group in groups]),
        [group.network for group in groups],
        STAGES,
        _reached,
        title="Connected pairs",
        away="deviation of the path found (% of |AC|)",
        height=1.9 + 0.62 * len(groups),
    )


def _reached(group: Group, stage: int) -> Estimate:
    return group.connected_after[min(stage, len(group.connected_after) - 1)]
