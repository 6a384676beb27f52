"""The figure of maps: predicted classes as regions, loss as contour lines, paths and points on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isthmus._core.shapes import Input, SomeVertices
from isthmus.profiles import GridMap
from isthmus.reports import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_NAMED = 7  # classes in the legend
LEVELS = tuple(10.0**power for power in range(-4, 3))
POINTS = {"A": "black", "B": style.PEAK, "B′": style.BYPASS, "C": "black"}
PATHS = {"direct path": (style.DIRECT, "-"), "path found": (style.FOUND, "-"), "direct paths": (style.DIRECT, "-")}


@dataclass(frozen=True, eq=False)
class Marked:
    """Points and paths to be drawn on a map, by name."""

    points: Mapping[str, Input]
    paths: Mapping[str, SomeVertices]


@dataclass(frozen=True, eq=False)
class MarkedMap:
    """A map with what is drawn on it.

    Attributes:
        drawn: the map.
        marked: points and paths.
        title: above it.
        equal: whether both axes have one scale.
        threshold: the loss that is drawn dashed.
    """

    drawn: GridMap
    marked: Marked
    title: str
    equal: bool = False
    threshold: float | None = None


def decision_figure(pieces: Sequence[MarkedMap], *, names: Sequence[str] | None, unit: str) -> Figure:
    """Maps side by side, with one legend of classes."""
    import matplotlib
    from matplotlib.patches import Patch

    from isthmus._core.drawn import Drawn

    target = pieces[0].drawn.target
    classes, counts = np.unique(
        np.concatenate([piece.drawn.predicted.flatten() for piece in pieces]), return_counts=True
    )
    common = [int(index) for index in classes[np.argsort(-counts)]]
    colors = style.band_colors(common[:MOST_NAMED], target)
    with matplotlib.rc_context(style.RC | {"hatch.linewidth": 0.35, "hatch.color": "#666666"}):
        figure = Drawn(figsize=(6.4 * len(pieces) + 0.3, 5.6))
        for axes, piece in zip(figure.subplots(1, len(pieces), squeeze=False)[0], pieces, strict=True):
            _draw(axes, piece, colors, unit)
        handles = [
            Patch(facecolor=color, label=style.plain(style.shorten(style.class_name(index, names), 24)))
            for index, color in colors.items()
            if index in common
        ]
        if len(common) > len(handles):
            handles.append(Patch(facecolor="#dddddd", label=f"{len(common) - len(handles)} other classes"))
        figure.legend(handles=handles, loc="outside lower center", ncols=4, fontsize=9, title="predicted class")
    return figure


def _draw(axes: Axes, piece: MarkedMap, colors: Mapping[int, str], unit: str) -> None:
    from matplotlib.colors import to_rgb

    drawn = piece.drawn
    scale = drawn.flat.height
    u, v = (axis.double().numpy() * each for axis, each in zip(drawn.coordinates, (1, scale), strict=True))
    predicted, inside = drawn.predicted.T, drawn.inside.T  # pictures have rows first
    picture = np.full((*predicted.shape, 3), to_rgb("#dddddd"))
    for index, color in colors.items():
        picture[predicted == index] = 0.35 + 0.65 * np.array(to_rgb(color))
    half = ((u[1] - u[0]) / 2, (v[1] - v[0]) / 2)
    extent = (u[0] - half[0], u[-1] + half[0], v[0] - half[1], v[-1] + half[1])
    axes.imshow(np.minimum(picture, 1), extent=extent, origin="lower", aspect="equal" if piece.equal else "auto",
                interpolation="nearest")  # fmt: skip
    loss = np.maximum(drawn.loss.T, 1e-6)
    levels = [level for level in LEVELS if loss.min() < level < loss.max()]
    if levels:
        lines = axes.contour(u, v, loss, levels=levels, colors="black", linewidths=0.7, alpha=0.65)
        axes.clabel(lines, fmt=lambda level: f"{level:g}", fontsize=7.5)
    if piece.threshold is not None and loss.min() < piece.threshold < loss.max():
        axes.contour(u, v, loss, levels=[piece.threshold], colors="black", linewidths=1.3, linestyles="--")
    if not inside.all():
        axes.contourf(u, v, inside.astype(float), levels=[-0.5, 0.5], colors="none", hatches=["////"])
    for name, vertices in piece.marked.paths.items():
        places = drawn.flat.coordinates(vertices).numpy()
        color, line = PATHS[name]
        axes.plot(places[:, 0], scale * places[:, 1], line, color=color, linewidth=2.2, label=name)
    for name, point in piece.marked.points.items():
        (place,) = drawn.flat.coordinates(point[None]).numpy()
        axes.plot(*(place * (1, scale)), "o", color=POINTS[name], markersize=7, markeredgecolor="white")
        axes.annotate(name, place * (1, scale), textcoords="offset points", xytext=(7, 7), fontweight="bold")
    axes.set_xlabel("along AC / |AC|")
    axes.set_ylabel("across / |AC|")
    axes.set_title(f"{piece.title}", fontsize=10.5)
    axes.legend(fontsize=8.5, loc="lower right", title=f"lines: loss ({unit})", title_fontsize=8.5, frameon=True)
