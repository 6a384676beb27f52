"""Features against t, along both paths, the largest changes first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from isthmus._core.look import BANDS, DIRECT, FOUND, PEAK, RC, SERIES
from isthmus._core.text import plain, visible
from isthmus.inputs.kinds.base import Walk
from isthmus.inputs.kinds.table.columns import Feature

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from isthmus.inputs.kinds.table.kind import Table

MOST = 8
COLUMNS = 4


def table_figure(table: Table, walk: Walk) -> Figure:
    """A small panel for each of the features that are led farthest from the direct path, or change most along it."""
    import matplotlib
    import torch

    from isthmus._core.drawn import Drawn

    moved = walk.shown if walk.found is None else torch.stack([walk.shown - walk.direct, walk.shown * 0]).flatten(0, 1)
    order = [table.features[k] for k in table.focused(moved).shown_first]
    chosen = order[:MOST]
    rows = -(-len(chosen) // COLUMNS)
    columns = min(COLUMNS, len(chosen))
    places = dict(zip(table.names, table.places, strict=True))
    with matplotlib.rc_context(RC | {"font.size": 9}):
        figure = Drawn(figsize=(2.7 * columns + 0.3, 2.0 * rows + 1.0))
        grid = figure.subplots(rows, columns, squeeze=False, sharex=True)
        for axes in grid.flat[len(chosen) :]:
            axes.set_axis_off()
        for axes, feature in zip(grid.flat, chosen, strict=False):
            _draw(axes, feature, walk, places[feature.name])
        handles = [grid[0, 0].plot([], [], color=DIRECT, linestyle="--", label="direct path")[0]]
        if walk.found is not None:
            handles.append(grid[0, 0].plot([], [], color=FOUND, label="path found")[0])
        handles.append(grid[0, 0].plot([], [], color=PEAK, linewidth=1, label="peak of the direct path")[0])
        figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=9)
        left_out = len(order) - len(chosen)
        more = f"; {left_out} other features change less" if left_out else ""
        figure.suptitle(f"{walk.title}{more}", x=0.01, ha="left", fontsize=12, fontweight="bold")
    return figure


def _draw(axes: Axes, feature: Feature, walk: Walk, place: slice) -> None:
    direct, shown = (part.double().numpy()[:, place] for part in (walk.direct, walk.shown))
    if feature.categories:
        reach = np.maximum(direct.max(0), shown.max(0))
        for number, k in enumerate([k for k in np.argsort(-reach) if reach[k] > 0.01][:4]):
            color = (FOUND, *BANDS)[number % (1 + len(BANDS))] if number else SERIES[0]
            axes.plot(walk.t, 100 * direct[:, k], color=color, linestyle="--", linewidth=1)
            axes.plot(walk.t, 100 * shown[:, k], color=color, label=visible(feature.categories[k])[:14])
        axes.set_ylim(-5, 105)
        axes.legend(fontsize=7, loc="best", frameon=True, framealpha=0.75, edgecolor="none")
        axes.set_ylabel("%")
    else:
        axes.plot(walk.t, feature.value(direct), color=DIRECT, linestyle="--", linewidth=1.6)
        if walk.found is not None:
            axes.plot(walk.t, feature.value(shown), color=FOUND, linewidth=2)
        axes.set_ylabel(visible(feature.unit))
    axes.axvline(walk.peak, color=PEAK, linewidth=1)
    axes.set_xlim(0, 1)
    axes.set_title(plain(feature.name)[:30], fontsize=10)
    if axes.get_subplotspec() is not None and axes.get_subplotspec().is_last_row():  # type: ignore[union-attr]
        axes.set_xlabel("t")
