"""The figure of the experiment across architectures: shares connected, and deviations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from isthmus.findings.connected import in_percent
from isthmus.findings.drawing import whisker
from isthmus.reports import style
from isthmus.studies import Group

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STAGES = (("direct path", style.DIRECT, "o"), ("after 1 round", style.PEAK, "s"), ("after 2 rounds", style.FOUND, "D"))


def architectures_figure(groups: Sequence[Group]) -> Figure:
    """A row for every network."""
    import matplotlib

    from isthmus._core.drawn import Drawn

    with matplotlib.rc_context(style.RC):
        figure = Drawn(figsize=(11, 1.9 + 0.62 * len(groups)))
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=(1.35, 1))
        for row, group in enumerate(groups):
            for place, (_, color, marker) in enumerate(STAGES):
                after = group.connected_after[min(place, len(group.connected_after) - 1)]
                whisker(left, in_percent(after), row + 0.22 * (place - 1), color, marker=marker)
            whisker(right, in_percent(group.deviation), row, style.FOUND)
        left.set_yticks(range(len(groups)), [f"{group.network}\n{group.counted:,} pairs" for group in groups])
        left.set_ylim(len(groups) - 0.5, -0.5)
        left.set_xlim(right=101)
        left.set_xlabel("pairs connected (%)")
        right.set_xlim(left=0)
        right.set_xlabel("deviation of the path found (% of |AC|)")
        left.set_title("Connected pairs", fontsize=11)
        right.set_title("How far paths leave the straight line", fontsize=11)
        for axes in (left, right):
            axes.grid(axis="x", alpha=0.25)
            axes.tick_params(axis="y", length=0)
        handles = [left.plot([], [], marker, color=color, label=label)[0] for label, color, marker in STAGES]
        left.legend(handles=handles, fontsize=9, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3)
    return figure
