"""Chart: panels with their axes and legends, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from isthmus.charts.marks import INK, Curve, Mark


@dataclass(frozen=True, kw_only=True)
class Axis:
    """An axis of a panel.

    Attributes:
        label: what it measures, with the unit.
        scale: `linear`, `log`, or `symlog`: linear up to 1, doublings from there on.
        low, high: its ends; the first is the left or lower one, so they may be reversed. None: what the marks need.
        ticks: places and their texts; None: round numbers.
        rows: whether its ticks are names of things, which a narrow page writes above their rows.
    """

    label: str = ""
    scale: str = "linear"
    low: float | None = None
    high: float | None = None
    ticks: Sequence[tuple[float, str]] | None = None
    rows: bool = False


@dataclass(frozen=True, kw_only=True)
class Key:
    """An entry of a legend: a line, a marker, or both; `filled` is a patch."""

    name: str
    color: str = INK
    line: bool = False
    dash: str = ""
    marker: str = ""
    hollow: bool = False
    filled: bool = False


@dataclass(frozen=True, kw_only=True)
class Panel:
    """One pair of axes.

    Attributes:
        title: above it.
        marks: what is drawn, the first below the others.
        x, y: the axes.
        keys: the legend; marks with names are in it anyway.
        keys_title: above the legend.
        width: beside the other panels of a file.
        equal: whether both axes have one scale.
        framed: whether it has axes at all; one without shows only its words.
    """

    title: str = ""
    marks: Sequence[Mark] = ()
    x: Axis = Axis()
    y: Axis = Axis()
    keys: Sequence[Key] = ()
    keys_title: str = ""
    width: float = 1.0
    equal: bool = False
    framed: bool = True

    def legend(self) -> list[Key]:
        """Keys of the marks that have names, each once, and those that were given."""
        curves = (key_of(mark) for mark in self.marks if isinstance(mark, Curve) and mark.name)
        found: dict[str, Key] = {}
        for key in (*curves, *self.keys):
            found.setdefault(key.name, key)
        return list(found.values())


@dataclass(frozen=True, kw_only=True, eq=False)
class Picture:
    """A picture (height, width, 3), 8 bits or numbers in [0, 1], with words below and a rim."""

    pixels: NDArray[Any]
    words: str
    color: str = INK


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Panels side by side, which a narrow page puts below one another.

    Attributes:
        panels: at least one.
        keys: a legend that all panels share.
        keys_title: above it.
        size: width and height of the file, in inches.
        shared: whether the panels of a row share their vertical axis: a file writes its names once.
        pictures: in a row below the panels, 2.5 inches high.
    """

    panels: Sequence[Panel]
    keys: Sequence[Key] = ()
    keys_title: str = ""
    size: tuple[float, float] = (10.5, 4.2)
    shared: bool = False
    pictures: Sequence[Picture] = ()


def key_of(curve: Curve) -> Key:
    """The entry of a curve in the legend."""
    hollow = curve.hollow if isinstance(curve.hollow, bool) else False
    return Key(
        name=curve.name, color=curve.color, line=curve.width > 0, dash=curve.dash, marker=curve.marker, hollow=hollow
    )


def rows_of(names: Sequence[str], places: Sequence[float] | None = None) -> Axis:
    """A vertical axis with a name for every row, the first on top."""
    at = [float(number) for number in range(len(names))] if places is None else list(places)
    first, last = (at[0], at[-1]) if at else (0.0, 0.0)
    return Axis(low=last + 0.6, high=first - 0.6, ticks=list(zip(at, names, strict=True)), rows=True)
