"""Marks: what can stand in a panel, in the units of its axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from isthmus.estimates import Estimate

INK = "ink"  # the colour of text: black in files, that of the page in pages
Numbers: TypeAlias = Sequence[float] | NDArray[Any]
Extent: TypeAlias = tuple[float, float, float, float]  # left, right, lower and upper edge


@dataclass(frozen=True, kw_only=True, eq=False)
class Curve:
    """A curve through points, interrupted where a number is none.

    Attributes:
        x, y: the points.
        name: in the legend and beside the pointer; without one it is in no legend.
        color: a colour of `_core.look`, any other, or `INK`.
        width: of its line; 0 leaves only markers.
        dash: `dashed`, `dotted`, `dashdot`, or nothing for a whole line.
        marker: `o`, `s`, `D`, `^`, `x`, or nothing.
        size: of markers.
        hollow: for each point or all whether its marker is empty.
        faint: how much shows through, from 0 to 1.
    """

    x: Numbers
    y: Numbers
    name: str = ""
    color: str = INK
    width: float = 2.0
    dash: str = ""
    marker: str = ""
    size: float = 5.0
    hollow: bool | Sequence[bool] = False
    faint: float = 0.0


@dataclass(frozen=True, kw_only=True, eq=False)
class Area:
    """What lies between two curves, without a rim."""

    x: Numbers
    low: Numbers
    high: Numbers
    color: str
    alpha: float = 0.22


@dataclass(frozen=True, kw_only=True)
class Whisker:
    """A value with its interval: along the horizontal axis at the height `at`, or `upright` at this place."""

    at: float
    value: float
    low: float
    high: float
    color: str
    upright: bool = False
    marker: str = "o"
    hollow: bool = False
    width: float = 1.6
    name: str = ""  # beside the pointer


@dataclass(frozen=True, kw_only=True)
class Box:
    """A box of a distribution: its quantiles at 5, 25, 50, 75 and 95 %, as thick as said in units of the other axis."""

    at: float
    quantiles: tuple[float, float, float, float, float]
    color: str
    thick: float = 0.5
    upright: bool = False
    name: str = ""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A line across the panel: at a height, or `upright` at a place; `words` stand at its right or upper end."""

    at: float
    upright: bool = False
    color: str = INK
    dash: str = ""
    width: float = 1.0
    faint: float = 0.0
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Words:
    """A text, and a dot below it if `dot`."""

    x: float
    y: float
    text: str
    color: str = INK
    dot: bool = False


@dataclass(frozen=True, kw_only=True, eq=False)
class Cells:
    """A picture of colours (rows, columns, 3 or 4) in [0, 1], the first row below, over the extent of its cells."""

    colors: NDArray[Any]
    extent: Extent


@dataclass(frozen=True, kw_only=True, eq=False)
class Hatched:
    """Cells (rows, columns), the first row below, of which those that are true are hatched."""

    cells: NDArray[np.bool_]
    extent: Extent


@dataclass(frozen=True, kw_only=True, eq=False)
class Contours:
    """Lines of one height, of points (n, 2) each, with what stands on them."""

    lines: Sequence[NDArray[Any]]
    words: str = ""
    dash: str = ""
    width: float = 0.7
    faint: float = 0.35
    color: str = INK


Mark: TypeAlias = Curve | Area | Whisker | Box | Rule | Words | Cells | Hatched | Contours


def whisker_of(found: Estimate, at: float, color: str, *, scale: float = 1.0, **look: Any) -> Whisker:
    """The mark of an estimate, in units `scale` times as small."""
    ends = {each: scale * getattr(found, each) for each in ("value", "low", "high")}
    return Whisker(at=at, color=color, **ends, **look)


def box_of(values: Numbers, at: float, color: str, **look: Any) -> list[Box]:
    """The box of the values that are finite; none where there is none."""
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    if not len(finite):
        return []
    low, first, middle, third, high = np.quantile(finite, (0.05, 0.25, 0.5, 0.75, 0.95)).tolist()
    return [Box(at=at, quantiles=(low, first, middle, third, high), color=color, **look)]


def quartiles(x: Numbers, curves: NDArray[Any], color: str, name: str) -> list[Area | Curve]:
    """Median and quartiles of curves (n, len(x))."""
    low, middle, high = np.quantile(curves, (0.25, 0.5, 0.75), axis=0)
    return [Area(x=x, low=low, high=high, color=color), Curve(x=x, y=middle, color=color, name=name)]


def contours_of(x: Numbers, y: Numbers, heights: NDArray[Any], levels: Sequence[float], **look: Any) -> list[Contours]:
    """Lines of equal height of a map (len(y), len(x)); levels that it does not reach have none."""
    from contourpy import LineType, contour_generator

    across, up, raised = (np.asarray(each, dtype=float) for each in (x, y, heights))
    found = contour_generator(across, up, raised, line_type=LineType.Separate)
    words = look.pop("words", "{:g}")
    every: list[tuple[float, Any]] = [(level, found.lines(level)) for level in levels if math.isfinite(level)]
    return [Contours(lines=lines, words=words.format(level), **look) for level, lines in every if lines]
