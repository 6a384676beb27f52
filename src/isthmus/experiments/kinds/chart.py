"""The chart of the experiment over kinds of inputs."""

from __future__ import annotations

from collections.abc import Sequence

from isthmus.charts import Chart, Key, rows_of
from isthmus.estimates import Estimate
from isthmus.experiments.kinds.training import named_by
from isthmus.findings.connected import connected_chart
from isthmus.reports import style
from isthmus.studies import Group

STAGES = (
    Key(name="direct path", color=style.DIRECT, marker="o"),
    Key(name="after 1 round", color=style.PEAK, marker="s"),
    Key(name="in the end", color=style.FOUND, marker="D"),
)


def kinds_chart(groups: Sequence[Group]) -> Chart:
    """A row for every network, those of a set together: shares connected, and deviations."""
    places, names = [], []
    row, last = 0.0, ""
    for group in groups:
        name, network, way = named_by(group.network)
        row += 1.0 if name == last else 1.6
        last = name
        places.append(row)
        names.append(f"{name}: {network}, {way}" if way != "trained" else f"{name}: {network}")
    return connected_chart(
        groups,
        rows_of(names, places),
        names,
        STAGES,
        _reached,
        title="Connected pairs of one class",
        away="deviation of moved paths (% of |AC|)",
        height=1.6 + 0.3 * row,
    )


def _reached(group: Group, stage: int) -> Estimate:
    after = group.connected_after
    return after[-1] if stage == len(STAGES) - 1 else after[min(stage, len(after) - 1)]
