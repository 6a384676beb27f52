"""Drawing: what figures of several experiments have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isthmus.estimates import Estimate, Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def band(axes: Axes, x: Floats, curves: Floats, color: str, label: str) -> None:
    """Median and quartiles of curves (n, len(x))."""
    low, middle, high = np.quantile(curves, (0.25, 0.5, 0.75), axis=0)
    axes.fill_between(x, low, high, color=color, alpha=0.22, linewidth=0)
    axes.plot(x, middle, color=color, linewidth=2, label=label)


def box(axes: Axes, values: Floats, at: float, color: str, *, width: float = 0.5) -> None:
    """An upright box: quartiles and median, whiskers at 5 and 95 %."""
    values = values[np.isfinite(values)]
    if not len(values):
        return
    low, first, middle, third, high = np.quantile(values, (0.05, 0.25, 0.5, 0.75, 0.95))
    axes.plot([at, at], [low, first], color=color, linewidth=1)
    axes.plot([at, at], [third, high], color=color, linewidth=1)
    axes.bar(at, third - first, bottom=first, width=width, color=color, alpha=0.55, edgecolor=color)
    axes.plot([at - width / 2, at + width / 2], [middle, middle], color="black", linewidth=1.6)


def whisker(axes: Axes, estimate: Estimate, y: float, color: str, *, marker: str = "o", filled: bool = True) -> None:
    """An estimate on a horizontal axis, with its interval."""
    if np.isfinite(estimate.low):
        axes.plot([estimate.low, estimate.high], [y, y], color=color, linewidth=1.6, solid_capstyle="butt")
    face = color if filled else "white"
    axes.plot([estimate.value], [y], marker, color=color, markerfacecolor=face, markersize=6.5)
