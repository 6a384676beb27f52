"""The chart of the experiment over kinds of inputs."""

from __future__ import annotations

from collections.abc import Sequence

from isthmus.charts import Axis, Chart, Key, Mark, Panel, rows_of, whisker_of
from isthmus.experiments.kinds.training import named_by
from isthmus.reports import style
from isthmus.studies import Group

STAGES = (("direct path", style.DIRECT, "o"), ("after 1 round", style.PEAK, "s"), ("in the end", style.FOUND, "D"))


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
    shares: list[Mark] = []
    deviations: list[Mark] = []
    for group, place, called in zip(groups, places, names, strict=True):
        for number, (stage, color, marker) in enumerate(STAGES):
            after = group.connected_after
            value = after[-1] if number == 2 else after[min(number, len(after) - 1)]
            at = place + 0.22 * (number - 1)
            shares.append(whisker_of(value, at, color, scale=100, marker=marker, name=f"{called}, {stage}"))
        if group.deviation.value == group.deviation.value:
            deviations.append(whisker_of(group.deviation, place, style.FOUND, scale=100))
    rows = rows_of(names, places)
    percent = Axis(label="pairs connected (%)", high=101)
    away = Axis(label="deviation of moved paths (% of |AC|)", low=0)
    return Chart(
        panels=[
            Panel(title="Connected pairs of one class", marks=shares, x=percent, y=rows, width=1.35),
            Panel(title="How far paths leave the straight line", marks=deviations, x=away, y=rows),
        ],
        keys=[Key(name=name, color=color, marker=marker) for name, color, marker in STAGES],
        size=(11, 1.6 + 0.3 * row),
        shared=True,
    )
