"""The figure of the experiment on attacked inputs: barriers of each kind, and what tells kinds apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from isthmus.experiments.adversarial.comparisons import KINDS, OTHER, REAL, SAME, Comparison
from isthmus.findings.drawing import whisker
from isthmus.reports import style
from isthmus.reports.barriers_figure import draw_box
from isthmus.studies import Group

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SCORES = {
    "direct_gap": ("gap of the direct path", style.FOUND, "o", True),
    "direct_max_loss": ("max loss of the direct path", style.BYPASS, "s", True),
    "low_end": ("low loss of C alone", "black", "D", False),
    "direct_length": ("distance alone", style.DIRECT, "^", False),
}
COLORS = {REAL: style.FOUND, OTHER: style.DIRECT, SAME: style.PEAK}


def adversarial_figure(groups: Mapping[str, Group], compared: Sequence[Comparison], *, unit: str) -> Figure:
    """Left: gaps and max losses of direct paths; right: AUROC of every comparison."""
    import matplotlib

    from isthmus._core.drawn import Drawn

    with matplotlib.rc_context(style.RC):
        figure = Drawn(figsize=(12.5, 7.2))
        grid = figure.add_gridspec(2, 2, width_ratios=(1, 1.15))
        top, below = (figure.add_subplot(grid[row, 0]) for row in (0, 1))
        for axes, measure, label in ((top, "direct_gap", "gap"), (below, "direct_max_loss", "max loss")):
            _barriers(axes, groups, measure, f"{label} of the direct path ({unit})")
        top.set_title("How high the barriers are", fontsize=11)
        _forest(figure.add_subplot(grid[:, 1]), compared)
    return figure


def _barriers(axes: Axes, groups: Mapping[str, Group], measure: str, label: str) -> None:
    kinds = [each for each in (REAL, *KINDS) if each in groups]
    for place, kind in enumerate(kinds):
        draw_box(axes, groups[kind].quantiles[measure], place, COLORS.get(kind, style.ATTACKED), height=0.55)
    axes.set_yticks(range(len(kinds)), [f"{kind} ({groups[kind].counted})" for kind in kinds], fontsize=9)
    axes.set_ylim(len(kinds) - 0.4, -0.6)
    axes.set_xscale("log")
    axes.set_xlabel(label)
    axes.tick_params(axis="y", length=0)
    axes.grid(axis="x", alpha=0.25)


def _forest(axes: Axes, compared: Sequence[Comparison]) -> None:
    names = []
    for row, each in enumerate(compared):
        whole = each.subset == "all pairs"
        names.append(f"{each.kind}\nall {each.pairs} + {each.real}" if whole else f"{each.subset} ({each.pairs})")
        if row and whole:
            axes.axhline(row - 0.5, color="black", alpha=0.15, linewidth=0.8)
        for place, (score, (_, color, marker, filled)) in enumerate(SCORES.items()):
            estimate = each.scores[score].auroc
            whisker(axes, estimate, row + 0.2 * (place - 1.5), color, marker=marker, filled=filled)
    axes.axvline(0.5, color="black", linestyle="--", linewidth=1)
    axes.set_yticks(range(len(names)), names, fontsize=8.5)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.set_xlim(-0.02, 1.02)
    axes.set_xlabel("AUROC against real pairs of one class")
    axes.tick_params(axis="y", length=0)
    axes.set_title("What tells them apart", fontsize=11)
    handles = [
        axes.plot([], [], marker, color=color, markerfacecolor=color if filled else "white", label=label)[0]
        for label, color, marker, filled in SCORES.values()
    ]
    axes.legend(handles=handles, fontsize=8.5, loc="upper center", bbox_to_anchor=(0.5, -0.08), ncols=2)
