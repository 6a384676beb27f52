"""The barriers figure: gap and max loss by group, before and after, as box plots (Fig. 6 of Vrabel et al. 2025)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from isthmus.errors import InputError
from isthmus.reports import style
from isthmus.reports.paper_sample import PaperSample

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from isthmus.studies import Group

FLOOR = 1e-4  # the lowest value that the logarithmic axis shows


def barriers_figure(
    groups: Sequence[Group], *, paper: Sequence[PaperSample] = (), unit: str = "nats", note: str = ""
) -> Figure:
    """Gap and max loss of the direct paths and of the paths found, one row a group; boxes: quartiles, whiskers: 5 and
    95 %.

    Args:
        groups: groups of a study.
        paper: samples of the paper's own table, shown beside.
        unit: of the loss.
        note: a line below.

    Raises:
        InputError: something else than groups; `found.plot()` draws connections.
    """
    import matplotlib

    from isthmus._core.drawn import Drawn

    if any(not hasattr(group, "quantiles") for group in groups):
        raise InputError(
            "groups must be those of a study, `study.results.summary().groups`; found.plot() draws connections."
        )
    rows = len(groups) + len(paper)
    with matplotlib.rc_context(style.RC):
        figure = Drawn(figsize=(11, 1.5 + 0.62 * rows))
        left, right = figure.subplots(1, 2, sharey=True)
        draw_barriers(left, groups, paper, "gap", f"gap: max loss above the higher end ({unit})")
        draw_barriers(right, groups, paper, "max_loss", f"max loss ({unit})")
        left.set_title("Barriers of direct paths and of the paths found")
        if note:
            figure.supxlabel(style.plain(note), fontsize=10)
    return figure


def draw_barriers(axes: Axes, groups: Sequence[Group], paper: Sequence[PaperSample], measure: str, label: str) -> None:
    """One measure of groups, a row each: of the direct paths above, of the paths found below."""
    names = []
    for row, group in enumerate(groups):
        names.append(f"{group.network}, {group.kind}\n{group.inputs}, {group.pairs:,} pairs")
        for key, offset, color in ((f"direct_{measure}", -0.18, style.DIRECT), (measure, 0.18, style.FOUND)):
            draw_box(axes, group.quantiles[key], row + offset, color, filled=True)
    for row, sample in enumerate(paper, start=len(groups)):
        names.append(f"{sample.label}\n{len(sample.gap):,} pairs")
        draw_box(axes, sample.quantiles()[f"direct_{measure}"], row - 0.18, style.DIRECT, filled=False)
    axes.set_yticks(range(len(names)), [style.plain(name) for name in names], fontsize=9)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xscale("log")
    axes.set_xlim(left=FLOOR * 0.8)
    axes.set_xlabel(label)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(axis="x", alpha=0.25)
    handles: list[Any] = [
        axes.plot([], [], color=color, linewidth=7, alpha=0.6, label=text)[0]
        for color, text in ((style.DIRECT, "direct path"), (style.FOUND, "path found"))
    ]
    if measure != "gap":
        axes.legend(handles=handles, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, fontsize=9)


def draw_box(
    axes: Axes, quantiles: Sequence[float], at: float, color: str, *, filled: bool = True, height: float = 0.28
) -> None:
    """A lying box on a logarithmic axis, from 5, 25, 50, 75 and 95 %."""
    if any(math.isnan(value) for value in quantiles):  # nothing was measured
        return
    low, first, median, third, high = (max(value, FLOOR) for value in quantiles)
    axes.plot([low, first], [at, at], color=color, linewidth=1)
    axes.plot([third, high], [at, at], color=color, linewidth=1)
    width = max(third - first, 0.02 * first)
    axes.barh(
        at,
        width,
        left=first,
        height=height,
        facecolor=color if filled else "none",
        alpha=0.55 if filled else 1,
        edgecolor=color,
    )
    axes.plot([median, median], [at - 0.57 * height, at + 0.57 * height], color="black", linewidth=1.6)
