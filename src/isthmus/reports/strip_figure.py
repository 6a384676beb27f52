"""The strip: inputs along the direct path and the path found, and what the bypass changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from isthmus._core.annotated import as_annotated
from isthmus.connecting.connection import Connection
from isthmus.inputs.kinds import InputKind, Walk
from isthmus.reports import style
from isthmus.reports.style import ClassNames

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 7
SIDE, GAP, BELOW, LEFT = 1.41, 0.07, 0.54, 0.47  # inches: of a picture, beside it, between rows, on the left
PLACES = 101  # along the paths, for figures that kinds draw themselves


@as_annotated
def strip_figure(pair: Connection, *, class_names: ClassNames | None = None) -> Figure:
    """Two rows of pictures at the same positions of both paths, the peak B among them; below, B, B' and B' - B.

    Kinds of inputs that are better seen otherwise draw their own figure: features of a table over t, waves, tokens.
    """
    own = _own_figure(pair, class_names)
    if own is not None:
        return own
    import matplotlib

    aside, kind = pair.aside_t, pair.drawn_as
    class_names = pair.class_names if class_names is None else class_names
    positions = _positions(pair.direct.argmax_t if aside is None else aside)
    with matplotlib.rc_context(style.RC | style.PLACED):
        sheet = _Sheet(rows=1 if aside is None else 3)
        places = torch.tensor(positions, dtype=torch.float64)
        for column, (t, x) in enumerate(zip(positions, pair.direct_path.at(places), strict=True)):
            sheet.show(0, column, kind.pixels(x), _caption(pair, t, False, class_names), style.DIRECT)
        for column, (t, x) in enumerate(zip(positions, () if aside is None else pair.path.at(places), strict=False)):
            sheet.show(1, column, kind.pixels(x), _caption(pair, t, True, class_names), style.FOUND)
        sheet.label(0, "direct")
        if aside is not None:
            sheet.label(1, "found")
            b, moved = pair.direct_path.at(pair.direct.argmax_t), pair.path.at(aside)
            pixels, caption = kind.change(moved, b)
            sheet.show(2, 0, kind.pixels(b), f"B, the peak\nloss {pair.direct.max_loss:.3g}", style.PEAK)
            sheet.show(2, 1, kind.pixels(moved), "B′", style.BYPASS)
            sheet.show(2, 2, pixels, f"B′ − B, {caption}", "black")
        sheet.figure.suptitle(_title(pair, class_names), x=0.01, ha="left", fontsize=12, fontweight="bold")
    return sheet.figure


class _Sheet:
    """Rows of pictures, on one pair of axes whose unit is an inch: axes for each would take three times as long."""

    def __init__(self, rows: int) -> None:
        from isthmus._core.drawn import Drawn

        width, height = 1.55 * COLUMNS, 1.95 * rows + 0.45
        self.figure = Drawn(figsize=(width, height))
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set_axis_off()
        self.axes.set(xlim=(0, width), ylim=(0, height), autoscale_on=False)
        self.top = height - 0.8

    def _corner(self, row: int, column: int) -> tuple[float, float]:
        """The lower left corner of a picture."""
        return LEFT + column * (SIDE + GAP), self.top - SIDE - row * (SIDE + BELOW)

    def show(self, row: int, column: int, pixels: Any, title: str, color: str) -> None:
        """A picture in its frame, as large as its place allows, below its title."""
        from matplotlib.patches import Rectangle

        left, bottom = self._corner(row, column)
        tall, wide = pixels.shape[:2] if pixels.shape[0] > 1 else (1, 1)  # one row of numbers fills its place
        width, height = SIDE * wide / max(tall, wide), SIDE * tall / max(tall, wide)
        left, bottom = left + (SIDE - width) / 2, bottom + (SIDE - height) / 2
        extent = (left, left + width, bottom, bottom + height)
        self.axes.imshow(pixels, interpolation="nearest", aspect="auto", extent=extent)
        self.axes.add_patch(Rectangle((left, bottom), width, height, fill=False, edgecolor=color, linewidth=2))
        self.axes.text(left + width / 2, bottom + height + 0.08, title, fontsize=8.5, ha="center", va="bottom")

    def label(self, row: int, text: str) -> None:
        """What a row is, beside it."""
        left, bottom = self._corner(row, 0)
        self.axes.text(left - 0.1, bottom + SIDE / 2, text, rotation=90, va="center", ha="right")


def _title(pair: Connection, class_names: ClassNames | None) -> str:
    name = style.plain(style.shorten(style.class_name(pair.target, class_names), 60))
    one, many = ("direct path", "two paths")
    return f"{pair.drawn_as.many.capitalize()} along the {many if pair.moved else one}, target {name}"


def _own_figure(pair: Connection, class_names: ClassNames | None) -> Figure | None:
    """The figure that the kind of the inputs draws itself, if it has one."""
    if type(pair.drawn_as).figure is InputKind.figure:
        return None  # it has none, and the inputs along the paths need not be looked up
    even = torch.linspace(0, 1, PLACES, dtype=torch.float64)
    peak = pair.direct.argmax_t
    t = torch.unique(torch.cat([even, torch.tensor([peak], dtype=torch.float64)]))
    profile = pair.profile if pair.moved else pair.direct
    walk = Walk(
        t=tuple(t.tolist()),
        direct=pair.direct_path.at(t),
        found=pair.path.at(t) if pair.moved else None,
        peak=peak,
        losses=tuple(np.interp(t, profile.t, profile.loss.double()).tolist()),
        title=_title(pair, pair.class_names if class_names is None else class_names),
    )
    return pair.drawn_as.figure(walk)


def _positions(peak: float) -> list[float]:
    """Evenly spaced positions, the one nearest to the peak moved onto it."""
    even = torch.linspace(0, 1, COLUMNS, dtype=torch.float64).tolist()
    if not even[0] < peak < even[-1]:  # an end is the highest point: there is no peak between
        return even
    nearest = min(range(1, COLUMNS - 1), key=lambda column: abs(even[column] - peak))
    even[nearest] = min(max(peak, even[nearest - 1]), even[nearest + 1])
    return even


def _caption(pair: Connection, t: float, found: bool, class_names: ClassNames | None) -> str:
    profile = pair.profile if found else pair.direct
    nearest = int((profile.t - t).abs().argmin())
    name = style.shorten(style.class_name(int(profile.predicted[nearest]), class_names), 16)
    return f"t = {t:.2f}\n{style.plain(name)}, {float(profile.loss[nearest]):.2g}"
