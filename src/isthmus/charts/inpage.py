"""In a page: a chart as data for the script that draws it there, at any width, in light and in dark."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus._core import look
from isthmus._core.text import visible
from isthmus.charts.chart import Axis, Chart, Key, Panel
from isthmus.charts.marks import INK, Cells, Contours, Hatched, Mark

DIGITS = 5  # more are not seen
# Colours that a page knows by a name, and has twice: for a light ground and for a dark one.
NAMED = {
    INK: "var(--ink)",
    look.DIRECT: "var(--direct)",
    look.FOUND: "var(--found)",
    look.PEAK: "var(--peak)",
    look.BYPASS: "var(--bypass)",
    look.ATTACKED: "var(--bad)",
}


def in_page(chart: Chart) -> dict[str, Any]:
    """A chart ready for JSON; what is not finite is none."""
    return {
        "panels": [_panel(panel) for panel in chart.panels],
        "keys": [_key(key) for key in chart.keys],
        "keysTitle": visible(chart.keys_title),
        "pictures": [
            {
                "picture": _picture(each.pixels[::-1]),
                "words": visible(each.words),
                "color": _color(each.color, fixed=False),
                "small": max(each.pixels.shape) <= 64,
            }
            for each in chart.pictures
        ],
    }


def _panel(panel: Panel) -> dict[str, Any]:
    # Light cells are the ground of what stands on them, whatever the page's own ground is.
    covered = any(isinstance(mark, Cells) and mark.colors.shape[-1] == 3 for mark in panel.marks)
    return {
        "title": visible(panel.title),
        "marks": [_mark(mark, covered) for mark in panel.marks],
        "x": _axis(panel.x),
        "y": _axis(panel.y),
        "keys": [_key(key) for key in panel.legend()],
        "keysTitle": visible(panel.keys_title),
        "equal": panel.equal,
        "framed": panel.framed,
        "covered": covered,
    }


def _axis(axis: Axis) -> dict[str, Any]:
    return {each.name: _value(getattr(axis, each.name)) for each in fields(axis)}


def _key(key: Key) -> dict[str, Any]:
    return {each.name: _value(getattr(key, each.name)) for each in fields(key)} | {
        "color": _color(key.color, fixed=key.filled)
    }


def _mark(mark: Mark, covered: bool) -> dict[str, Any]:
    """A mark by its name in lower case, with its fields; pictures and lines as a page draws them."""
    every = {each.name: getattr(mark, each.name) for each in fields(mark)}
    found: dict[str, Any] = {"kind": type(mark).__name__.lower()}
    match mark:
        case Cells():
            found["picture"] = _picture(every.pop("colors"))
        case Hatched():
            cells = every.pop("cells")
            found |= {"runs": _runs(cells), "shape": list(cells.shape)}
        case Contours():
            found["lines"] = [[_numbers(line[:, 0]), _numbers(line[:, 1])] for line in every.pop("lines")]
    if "color" in every:
        found["color"] = _color(every.pop("color"), fixed=covered)
    return found | {name: _value(value) for name, value in every.items()}


def _value(value: Any) -> Any:
    if value is None or isinstance(value, bool | np.bool_):
        return None if value is None else bool(value)
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, float | int | np.number):
        return _number(float(value))
    return [_value(each) for each in value]


def _color(color: str, *, fixed: bool) -> str:
    """A colour that holds on the ground of the page, or, `fixed`, on a light one."""
    if fixed:
        return "#1b1f24" if color == INK else color
    # Mixed with the colour of text, a light hue darkens on white and a dark one lights up on black.
    return NAMED.get(color, f"color-mix(in oklab, {color} 78%, var(--ink))")


def _number(value: float) -> float | None:
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def _numbers(values: Any) -> list[float | None]:
    return [_number(float(value)) for value in values]


def _picture(colors: NDArray[Any]) -> str:
    from PIL import Image

    stream = io.BytesIO()
    colors = colors[::-1]  # the first row of a PNG is on top
    levels = colors if colors.dtype == np.uint8 else np.clip(np.rint(255 * colors), 0, 255).astype(np.uint8)
    Image.fromarray(np.ascontiguousarray(levels)).save(stream, "PNG")
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def _runs(cells: NDArray[np.bool_]) -> list[list[int]]:
    """Row, first column and the one after the last of every stretch of cells that are true."""
    found = []
    for number, row in enumerate(cells):
        steps = np.diff(np.concatenate(([False], row, [False])).astype(np.int8))
        found += [
            [number, int(a), int(b)] for a, b in zip(np.nonzero(steps == 1)[0], np.nonzero(steps == -1)[0], strict=True)
        ]
    return found
