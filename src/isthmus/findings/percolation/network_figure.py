"""The figure of slices: connection against dimension, a slice with its clusters, the largest cluster against level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from isthmus.estimates import mean_of_few
from isthmus.findings.percolation.slicing import INPUTS, RANDOM, Example, NetworkStudy, SliceRow, shown_share
from isthmus.percolation import Field, clusters_of
from isthmus.reports import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NETWORKS = (style.FOUND, style.BYPASS)  # the first two networks
GAUSSIAN, INDEPENDENT = style.PEAK, style.DIRECT
OPEN = 0.3
CLUSTERS = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")


def network_figure(rows: Sequence[SliceRow], examples: Sequence[Example], study: NetworkStudy) -> Figure:
    """Three panels."""
    import matplotlib

    from isthmus._core.drawn import Drawn

    with matplotlib.rc_context(style.RC):
        figure = Drawn(figsize=(13.6, 4.5))
        left, middle, right = figure.subplots(1, 3)
        _connection(left, rows, study)
        _slice(middle, examples[0])
        _largest(right, rows, study)
    return figure


def _connection(axes: Axes, rows: Sequence[SliceRow], study: NetworkStudy) -> None:
    place = shown_share(study)
    names = list(dict.fromkeys(row.network for row in rows))[: len(NETWORKS)]
    for number, name in enumerate(names):
        for through, line in ((INPUTS, "-"), (RANDOM, "--")):
            groups = [[r.measured for r in rows if (r.network, r.through, r.dimension) == (name, through, k)]
                      for k in study.dimensions]  # fmt: skip
            _means(axes, study, [[one.own.connection[place] for one in group] for group in groups], NETWORKS[number],
                   line, f"{name}, {through}", 0.05 * (2 * number - 1))  # fmt: skip
    first = [[r.measured for r in rows if (r.network, r.through, r.dimension) == (names[0], INPUTS, k)]
             for k in study.dimensions]  # fmt: skip
    _means(axes, study, [[one.gaussian.connection[place] for one in group] for group in first], GAUSSIAN, "-",
           f"Gaussian fields like {names[0]}", 0.1)  # fmt: skip
    _means(axes, study, [[one.independent.connection[place] for one in group] for group in first], INDEPENDENT, "-",
           "independent sites", 0)  # fmt: skip
    axes.set_ylim(0, 1.03)
    axes.set_xticks(list(study.dimensions))
    axes.set_xlabel("dimension of the slice k")
    axes.set_ylabel("two open points connected (probability)")
    axes.set_title(f"Lowest {100 * study.shares[place]:g} % of the points")
    axes.legend(fontsize=8)


def _means(
    axes: Axes,
    study: NetworkStudy,
    groups: Sequence[Sequence[float]],
    color: str,
    line: str,
    label: str,
    aside: float,
) -> None:
    middle = [mean_of_few(np.asarray(group, dtype=float)).value for group in groups]
    places = np.array(study.dimensions) + aside
    axes.plot(places, middle, line, marker="o", markersize=4.5, color=color, label=style.plain(label))
    for place, group in zip(places, groups, strict=True):
        each = mean_of_few(np.asarray(group, dtype=float), low=0, high=1)
        if np.isfinite(each.low):
            axes.plot([place, place], [each.low, each.high], color=color, linewidth=1)


def _slice(axes: Axes, example: Example) -> None:
    from matplotlib.colors import to_rgb

    field = Field(example.found.loss)
    found = clusters_of(field.below(OPEN))
    picture = np.full((*found.labels.shape, 3), 0.93)
    for number, label in enumerate(np.argsort(-found.sizes) + 1):
        color = CLUSTERS[number] if number < len(CLUSTERS) else "#444444"
        picture[found.labels == label] = to_rgb(color)
    extent = (-0.5, 0.5, -0.5, 0.5)
    axes.imshow(picture.transpose(1, 0, 2), extent=extent, origin="lower", interpolation="nearest")
    logs = np.log10(np.maximum(field.values.T, 1e-6))
    levels = np.linspace(logs.min(), logs.max(), 9)[1:-1]
    if logs.max() > logs.min():
        places = np.linspace(-0.5, 0.5, field.values.shape[0])
        axes.contour(places, places, logs, levels=levels, colors="black", linewidths=0.4, alpha=0.5)
    many = len(found.sizes)
    axes.set_xlabel("along the first axis / width")
    axes.set_ylabel("along the second / width")
    axes.set_title(f"{style.plain(example.network)}: lowest {100 * OPEN:g} %, {many} cluster{'' if many == 1 else 's'}")


def _largest(axes: Axes, rows: Sequence[SliceRow], study: NetworkStudy) -> None:
    dimension = sorted(study.dimensions)[min(2, len(study.dimensions) - 1)]
    names = list(dict.fromkeys(row.network for row in rows))[: len(NETWORKS)]
    for number, name in enumerate(names):
        mine = [r.measured for r in rows if (r.network, r.through, r.dimension) == (name, INPUTS, dimension)]
        axes.plot(100 * np.array(study.shares), 100 * np.mean([one.own.largest for one in mine], axis=0), "o-",
                  color=NETWORKS[number], markersize=4.5, label=style.plain(name))  # fmt: skip
        if number == 0:
            for color, label, curves in (
                (GAUSSIAN, f"Gaussian fields like {name}", [one.gaussian.largest for one in mine]),
                (INDEPENDENT, "independent sites", [one.independent.largest for one in mine]),
            ):
                axes.plot(100 * np.array(study.shares), 100 * np.mean(curves, axis=0), "o-", color=color,
                          markersize=4.5, label=style.plain(label))  # fmt: skip
    axes.set_ylim(0, 103)
    axes.set_xlabel("open points: level (% of all points)")
    axes.set_ylabel("open points in the largest cluster (%)")
    axes.set_title(f"Largest cluster, k = {dimension}")
    axes.legend(fontsize=8)
