"""The figure of the experiment over kinds of inputs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from isthmus.experiments.kinds.training import named_by
from isthmus.findings.connected import in_percent
from isthmus.findings.drawing import whisker
from isthmus.reports import style
from isthmus.studies import Group

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STAGES = (("direct path", style.DIRECT, "o"), ("after 1 round", style.PEAK, "s"), ("in the end", style.FOUND, "D"))


def kinds_figure(groups: Sequence[Group]) -> Figure:
    """A row for every network, those of a set together: shares connected, and deviations."""
    import matplotlib

    from isthmus._core.drawn import Drawn

    places, names = [], []
    row, last = 0.0, ""
    for group in groups:
        name, network, way = named_by(group.network)
        row += 1.0 if name == last else 1.6
        last = name
        places.append(row)
        names.append(f"{name}: {network}, {way}" if way != "trained" else f"{name}: {network}")
    with matplotlib.rc_context(style.RC):
        figure = Drawn(figsize=(11, 1.6 + 0.3 * row))
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.35, 1))
        for group, place in zip(groups, places, strict=True):
            for number, (_, color, marker) in enumerate(STAGES):
                after = group.connected_after
                value = after[-1] if number == 2 else after[min(number, len(after) - 1)]
                whisker(left, in_percent(value), place + 0.22 * (number - 1), color, marker=marker)
            if group.deviation.value == group.deviation.value:
                whisker(right, in_percent(group.deviation), place, style.FOUND)
        left.set_yticks(places, names, fontsize=9)
        left.set_ylim(max(places, default=0) + 0.8, 0.6)
        left.set_xlim(right=101)
        left.set_xlabel("pairs connected (%)")
        right.set_xlim(left=0)
        right.set_xlabel("deviation of moved paths (% of |AC|)")
        left.set_title("Connected pairs of one class", fontsize=11)
        right.set_title("How far paths leave the straight line", fontsize=11)
        for axes in (left, right):
            axes.grid(axis="x", alpha=0.25)
            axes.tick_params(axis="y", length=0)
        handles = [left.plot([], [], marker, color=color, label=label)[0] for label, color, marker in STAGES]
        figure.legend(handles=handles, fontsize=9, loc="outside lower center", ncols=3)
    return figure
