"""Numbers by name, as an attribution gives them to columns of a row or tokens of a text, and by parts of a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from isthmus._core.look import LOWERED, RAISED
from isthmus._core.text import plain, shorten

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Named = Sequence[tuple[str, float]]

MOST = 16


def fewer(named: Named, most: int = MOST) -> list[tuple[str, float]]:
    """At most so many of them, in their order: those farthest from 0, and the sum of all others as the last."""
    if len(named) <= most:
        return list(named)
    chosen = sorted(sorted(range(len(named)), key=lambda k: -abs(named[k][1]))[: most - 1])
    left_out = sum(named[k][1] for k in set(range(len(named))) - set(chosen))
    return [*(named[k] for k in chosen), (f"{len(named) - len(chosen)} others", left_out)]


def in_parts(along: NDArray[np.float64], most: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Numbers (n,) summed over at most so many even parts: where the parts begin and end, and their sums."""
    edges = np.linspace(0, len(along), min(len(along), most) + 1).round().astype(np.int64)
    return edges, np.add.reduceat(along, edges[:-1])


def draw_named(axes: Axes, named: Named) -> None:
    """A bar for each name, from top to bottom: red to the right of 0, blue to the left of it."""
    shown = fewer(named)
    values = [value for _, value in shown]
    reach = max(map(abs, values), default=0.0) or 1.0
    axes.barh(range(len(shown)), values, color=[RAISED if value > 0 else LOWERED for value in values], height=0.7)
    for row, value in enumerate(values):
        axes.annotate(
            f"{value:+.2g}",
            (value, row),
            (4 if value >= 0 else -4, 0),
            textcoords="offset points",
            ha="left" if value >= 0 else "right",
            va="center",
            fontsize=8,
        )
    labels = [plain(shorten(name, 34)) for name, _ in shown]
    axes.set_yticks(range(len(shown)), labels, fontsize=9)
    axes.set_ylim(len(shown) - 0.4, -0.6)
    axes.set_xlim(-1.25 * reach, 1.25 * reach)
    axes.axvline(0, color="0.4", linewidth=0.8)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
