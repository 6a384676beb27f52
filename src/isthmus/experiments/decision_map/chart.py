"""The chart of maps: predicted classes as regions, loss as contour lines, paths and points on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isthmus._core.look import rgb
from isthmus._core.shapes import Input, SomeVertices
from isthmus.charts import INK, Axis, Cells, Chart, Curve, Hatched, Key, Mark, Panel, Words, contours_of
from isthmus.profiles import GridMap
from isthmus.reports import style

MOST_NAMED = 7  # classes in the legend
OTHERS = "#dddddd"
LEVELS = tuple(10.0**power for power in range(-4, 3))
POINTS = {"A": INK, "B": style.PEAK, "B′": style.BYPASS, "C": INK}
PATHS = {"direct path": style.DIRECT, "path found": style.FOUND, "direct paths": style.DIRECT}


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


def decision_chart(pieces: Sequence[MarkedMap], *, names: Sequence[str] | None, unit: str) -> Chart:
    """Maps side by side, with one legend of classes and paths."""
    target = pieces[0].drawn.target
    classes, counts = np.unique(
        np.concatenate([piece.drawn.predicted.flatten() for piece in pieces]), return_counts=True
    )
    common = [int(index) for index in classes[np.argsort(-counts)]]
    colors = {index: _light(color) for index, color in style.band_colors(common[:MOST_NAMED], target).items()}
    keys = [
        Key(name=style.shorten(style.class_name(index, names), 24), color=color, filled=True)
        for index, color in colors.items()
        if index in common
    ]
    if len(common) > len(keys):
        keys.append(Key(name=f"{len(common) - len(keys)} other classes", color=OTHERS, filled=True))
    paths = dict.fromkeys(name for piece in pieces for name in piece.marked.paths)
    keys += [Key(name=name, color=PATHS[name], line=True) for name in paths]
    keys.append(Key(name=f"loss ({unit})", line=True))
    return Chart(
        panels=[_panel(piece, colors) for piece in pieces],
        keys=keys,
        keys_title="predicted class",
        size=(6.4 * len(pieces) + 0.3, 5.6),
    )


def _light(color: str) -> str:
    """The colour on a map: lines and words must stand out on it."""
    return "#" + "".join(f"{min(255, round(0.35 * 255 + 0.65 * level)):02x}" for level in rgb(color))


def _panel(piece: MarkedMap, colors: Mapping[int, str]) -> Panel:
    drawn = piece.drawn
    scale = drawn.flat.height
    u, v = (axis.double().numpy() * each for axis, each in zip(drawn.coordinates, (1, scale), strict=True))
    predicted, inside = drawn.predicted.T, drawn.inside.T  # pictures have rows first
    picture = np.full((*predicted.shape, 3), np.array(rgb(OTHERS)) / 255)
    for index, color in colors.items():
        picture[predicted == index] = np.array(rgb(color)) / 255
    half = ((u[1] - u[0]) / 2, (v[1] - v[0]) / 2)
    extent = (*(u[0] - half[0], u[-1] + half[0]), *(v[0] - half[1], v[-1] + half[1]))
    loss = np.maximum(drawn.loss.T, 1e-6)
    marks: list[Mark] = [Cells(colors=picture, extent=extent), Hatched(cells=~inside.astype(bool), extent=extent)]
    marks += contours_of(u, v, loss, LEVELS)
    if piece.threshold is not None:
        marks += contours_of(u, v, loss, [piece.threshold], dash="dashed", width=1.3, words="")
    for name, vertices in piece.marked.paths.items():
        places = drawn.flat.coordinates(vertices).numpy()
        marks.append(Curve(x=places[:, 0], y=scale * places[:, 1], color=PATHS[name], width=2.2, name=name))
    for name, point in piece.marked.points.items():
        (place,) = drawn.flat.coordinates(point[None]).numpy()
        x, y = (place * (1, scale)).tolist()
        marks.append(Words(x=x, y=y, text=name, color=POINTS[name], dot=True))
    return Panel(
        title=piece.title,
        marks=marks,
        x=Axis(label="along AC / |AC|", low=extent[0], high=extent[1]),
        y=Axis(label="across / |AC|", low=extent[2], high=extent[3]),
        equal=piece.equal,
    )
