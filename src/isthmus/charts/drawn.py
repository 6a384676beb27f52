"""Drawn: a chart as a figure of matplotlib, for files and notebooks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from isthmus._core.look import RC
from isthmus._core.text import plain
from isthmus.charts.chart import Axis, Chart, Key, Panel, Picture
from isthmus.charts.marks import INK, Area, Box, Cells, Contours, Curve, Hatched, Mark, Rule, Whisker, Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

DASHES = {"": "-", "dashed": "--", "dotted": ":", "dashdot": "-."}
HATCHES: dict[str, Any] = {"hatch.linewidth": 0.35, "hatch.color": "#666666"}


def drawn(chart: Chart) -> Figure:
    """The figure of a chart."""
    import matplotlib

    from isthmus._core.drawn import Drawn

    panels = chart.panels
    with matplotlib.rc_context(RC | HATCHES):
        whole = Drawn(figsize=chart.size)
        figure: Any = whole
        if chart.pictures:
            parts: Any = whole.subfigures(2, 1, height_ratios=(1.35, 1))
            figure, below = parts
            _pictures(below, chart.pictures)
        grid = figure.add_gridspec(1, len(panels), width_ratios=[panel.width for panel in panels])
        made: list[Axes] = []
        for number, panel in enumerate(panels):
            first = made[0] if chart.shared and made else None
            axes = figure.add_subplot(grid[0, number], sharey=first)
            _panel(axes, panel, legend=not chart.keys)
            if first is not None:
                axes.tick_params(labelleft=False)
            made.append(axes)
        if chart.keys:
            figure.legend(
                handles=[_handle(key) for key in chart.keys],
                loc="outside lower center",
                ncols=max(1, min(len(chart.keys), int(chart.size[0] / 2))),
                fontsize=9,
                title=chart.keys_title or None,
            )
    return whole


def _pictures(figure: SubFigure, pictures: Sequence[Picture]) -> None:
    places = figure.subplots(1, len(pictures), squeeze=False)[0]
    for axes, each in zip(places, pictures, strict=True):
        axes.imshow(each.pixels, interpolation="nearest")
        axes.set_title(plain(each.words), fontsize=10, fontweight="normal", loc="center")
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set(visible=True, color=_color(each.color), linewidth=2)


def _panel(axes: Axes, panel: Panel, *, legend: bool) -> None:
    axes.set_title(plain(panel.title), fontsize=11)
    if not panel.framed:
        for mark in panel.marks:
            if isinstance(mark, Words):
                axes.text(0.5, 0.5, plain(mark.text), ha="center", transform=axes.transAxes)
        axes.set_axis_off()
        return
    for which, axis in (("x", panel.x), ("y", panel.y)):
        _scale(axes, which, axis)
    for mark in panel.marks:
        _draw(axes, mark)
    for which, axis in (("x", panel.x), ("y", panel.y)):
        _axis(axes, which, axis)
    if panel.equal:
        axes.set_aspect("equal")
    if panel.y.rows:
        axes.grid(axis="x", alpha=0.25)
    keys = panel.legend()
    if legend and keys:
        # Rows fill their panel, so that a legend within would cover some.
        place: dict[str, Any] = (
            {"loc": "upper center", "bbox_to_anchor": (0.5, -0.12), "ncols": 2} if panel.y.rows else {}
        )
        size: dict[str, Any] = {"fontsize": 8.5 if len(keys) > 3 else 9, "title_fontsize": 8.5}
        over = any(isinstance(mark, Cells) for mark in panel.marks)
        axes.legend(
            handles=[_handle(key) for key in keys],
            title=panel.keys_title or None,
            ncols=place.pop("ncols", 2 if len(keys) > 6 else 1),
            frameon=over,
            **place,
            **size,
        )


def _scale(axes: Axes, which: str, axis: Axis) -> None:
    scale: dict[str, Any] = {"linthresh": 1, "base": 2} if axis.scale == "symlog" else {}
    getattr(axes, f"set_{which}scale")(axis.scale, **scale)


def _axis(axes: Axes, which: str, axis: Axis) -> None:
    if axis.ticks is not None:
        places, names = [place for place, _ in axis.ticks], [plain(name) for _, name in axis.ticks]
        small = {"fontsize": 9} if axis.rows or any("\n" in name for name in names) else {}
        getattr(axes, f"set_{which}ticks")(places, names, **small)
        getattr(axes, f"{which}axis").minorticks_off()
    if axis.rows:
        axes.tick_params(axis=which, length=0)  # type: ignore[arg-type] # "x" or "y"
    low, high = axis.low, axis.high
    getattr(axes, f"set_{which}lim")(low, high)
    getattr(axes, f"set_{which}label")(plain(axis.label))


def _handle(key: Key) -> Any:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    name = plain(key.name)
    if key.filled:
        return Patch(facecolor=_color(key.color), label=name)
    line: Any = DASHES[key.dash] if key.line else "none"
    face = "white" if key.hollow else _color(key.color)
    return Line2D([], [], linestyle=line, marker=key.marker or None, color=_color(key.color), label=name,
                  markerfacecolor=face, markersize=6)  # fmt: skip


def _draw(axes: Axes, mark: Mark) -> None:
    match mark:
        case Curve():
            _curve(axes, mark)
        case Area():
            axes.fill_between(
                np.asarray(mark.x), np.asarray(mark.low), np.asarray(mark.high), color=_color(mark.color),
                alpha=mark.alpha, linewidth=0,
            )  # fmt: skip
        case Whisker():
            _whisker(axes, mark)
        case Box():
            _box(axes, mark)
        case Rule():
            _rule(axes, mark)
        case Words():
            _words(axes, mark)
        case Cells():
            axes.imshow(mark.colors, extent=mark.extent, origin="lower", aspect="auto", interpolation="nearest")
        case Hatched():
            x, y = (_centers(mark.extent[2 * k], mark.extent[2 * k + 1], mark.cells.shape[1 - k]) for k in (0, 1))
            if mark.cells.any():
                axes.contourf(x, y, mark.cells.astype(float), levels=[0.5, 1.5], colors="none", hatches=["////"])
        case Contours():
            _contours(axes, mark)


def _curve(axes: Axes, mark: Curve) -> None:
    color, alpha = _color(mark.color), 1 - mark.faint
    x, y = np.asarray(mark.x, dtype=float), np.asarray(mark.y, dtype=float)
    if mark.width:
        axes.plot(x, y, DASHES[mark.dash], color=color, linewidth=mark.width, alpha=alpha)
    if mark.marker:
        empty = np.full(len(x), mark.hollow) if isinstance(mark.hollow, bool) else np.asarray(mark.hollow)
        for hollow in (False, True):
            rows = empty == hollow
            face = "white" if hollow else color
            look: dict[str, Any] = {"color": color, "markerfacecolor": face, "markersize": mark.size, "alpha": alpha}
            axes.plot(x[rows], y[rows], mark.marker, markeredgewidth=2 if mark.marker == "x" else None, **look)


def _whisker(axes: Axes, mark: Whisker) -> None:
    color = _color(mark.color)
    span, at = [mark.low, mark.high], [mark.at, mark.at]
    if np.isfinite(mark.low):
        axes.plot(
            *((at, span) if mark.upright else (span, at)), color=color, linewidth=mark.width, solid_capstyle="butt"
        )
    if mark.marker:
        point = ([mark.at], [mark.value]) if mark.upright else ([mark.value], [mark.at])
        axes.plot(*point, mark.marker, color=color, markersize=6.5, markerfacecolor="white" if mark.hollow else color)


def _box(axes: Axes, mark: Box) -> None:
    color = _color(mark.color)
    low, first, middle, third, high = mark.quantiles
    half = mark.thick / 2
    for begin, end in ((low, first), (third, high)):
        span, at = [begin, end], [mark.at] * 2
        axes.plot(*((at, span) if mark.upright else (span, at)), color=color, linewidth=1)
    look: dict[str, Any] = {"color": color, "alpha": 0.55, "edgecolor": color}
    if mark.upright:
        axes.bar(mark.at, third - first, bottom=first, width=mark.thick, **look)
        axes.plot([mark.at - half, mark.at + half], [middle, middle], color="black", linewidth=1.6)
    else:
        axes.barh(mark.at, third - first, left=first, height=mark.thick, **look)
        axes.plot([middle, middle], [mark.at - half, mark.at + half], color="black", linewidth=1.6)


def _rule(axes: Axes, mark: Rule) -> None:
    look: dict[str, Any] = {
        "color": _color(mark.color), "linestyle": DASHES[mark.dash], "linewidth": mark.width, "alpha": 1 - mark.faint
    }  # fmt: skip
    (axes.axvline if mark.upright else axes.axhline)(mark.at, **look)
    if mark.words:
        place, against = ((mark.at, 1.0), axes.get_xaxis_transform())
        if not mark.upright:
            place, against = ((1.0, mark.at), axes.get_yaxis_transform())
        look = {"ha": "right", "va": "bottom", "fontsize": 9, "color": _color(mark.color)}
        axes.annotate(plain(mark.words), place, xycoords=against, xytext=(-3, 3), textcoords="offset points", **look)


def _words(axes: Axes, mark: Words) -> None:
    if mark.dot:
        axes.plot(mark.x, mark.y, "o", color=_color(mark.color), markersize=7, markeredgecolor="white")
    axes.annotate(plain(mark.text), (mark.x, mark.y), textcoords="offset points", xytext=(7, 7), fontweight="bold")


def _contours(axes: Axes, mark: Contours) -> None:
    look: dict[str, Any] = {
        "color": _color(mark.color), "linestyle": DASHES[mark.dash], "linewidth": mark.width, "alpha": 1 - mark.faint
    }  # fmt: skip
    for line in mark.lines:
        axes.plot(line[:, 0], line[:, 1], **look)
    if mark.words and mark.lines:
        longest = max(mark.lines, key=len)
        x, y = longest[len(longest) // 2]
        axes.text(x, y, mark.words, fontsize=7.5, ha="center", va="center",
                  bbox={"facecolor": "white", "alpha": 0.6, "edgecolor": "none", "pad": 0.6})  # fmt: skip


def _centers(begin: float, end: float, count: int) -> Sequence[float]:
    half = (end - begin) / count / 2
    centers: list[float] = np.linspace(begin + half, end - half, count).tolist()
    return centers


def _color(color: str) -> str:
    return "black" if color == INK else color
