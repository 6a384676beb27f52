"""The strip: inputs along the direct path and the path found, and what the bypass changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from isthmus.connecting.connection import Connection
from isthmus.inputs.kinds import Walk
from isthmus.reports import style
from isthmus.reports.style import ClassNames

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 7
PLACES = 101  # along the paths, for figures that kinds draw themselves


def strip_figure(pair: Connection, *, class_names: ClassNames | None = None) -> Figure:
    """Two rows of pictures at the same positions of both paths, the peak B among them; below, B, B' and B' - B.

    Kinds of inputs that are better seen otherwise draw their own figure: features of a table over t, waves, tokens.
    """
    own = _own_figure(pair, class_names)
    if own is not None:
        return own
    import matplotlib

    from isthmus._core.drawn import Drawn

    aside, kind = pair.aside_t, pair.drawn_as
    class_names = pair.class_names if class_names is None else class_names
    positions = _positions(pair.direct.argmax_t if aside is None else aside)
    rows = 1 if aside is None else 3
    with matplotlib.rc_context(style.RC):
        height = 1.95 * rows + 0.45
        figure = Drawn(figsize=(1.55 * COLUMNS, height))
        figure.set_layout_engine("none")  # a plain grid needs no search for its layout
        space = {"left": 0.045, "right": 0.995, "bottom": 0.02, "top": 1 - 0.8 / height, "wspace": 0.05, "hspace": 0.32}
        grid = figure.subplots(rows, COLUMNS, squeeze=False, gridspec_kw=space)
        for axes in grid.flat:
            axes.set_axis_off()
        for column, t in enumerate(positions):
            _show(
                grid[0, column],
                kind.pixels(pair.direct_path.at(t)),
                _caption(pair, t, False, class_names),
                style.DIRECT,
            )
            if aside is not None:
                _show(grid[1, column], kind.pixels(pair.path.at(t)), _caption(pair, t, True, class_names), style.FOUND)
        grid[0, 0].text(-0.12, 0.5, "direct", rotation=90, va="center", ha="right", transform=grid[0, 0].transAxes)
        if aside is not None:
            grid[1, 0].text(-0.12, 0.5, "found", rotation=90, va="center", ha="right", transform=grid[1, 0].transAxes)
            b, moved = pair.direct_path.at(pair.direct.argmax_t), pair.path.at(aside)
            pixels, caption = kind.change(moved, b)
            _show(grid[2, 0], kind.pixels(b), f"B, the peak\nloss {pair.direct.max_loss:.3g}", style.PEAK)
            _show(grid[2, 1], kind.pixels(moved), "B′", style.BYPASS)
            _show(grid[2, 2], pixels, f"B′ − B, {caption}", "black")
        figure.suptitle(_title(pair, class_names), x=0.01, ha="left", fontsize=12, fontweight="bold")
    return figure


def _title(pair: Connection, class_names: ClassNames | None) -> str:
    name = style.plain(style.shorten(style.class_name(pair.target, class_names), 60))
    one, many = ("direct path", "two paths")
    return f"{pair.drawn_as.many.capitalize()} along the {many if pair.moved else one}, target {name}"


def _own_figure(pair: Connection, class_names: ClassNames | None) -> Figure | None:
    """The figure that the kind of the inputs draws itself, if it has one."""
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


def _show(axes: Axes, pixels: object, title: str, color: str) -> None:
    from matplotlib.patches import Rectangle

    axes.imshow(pixels, interpolation="nearest", aspect="auto" if getattr(pixels, "shape", (1,))[0] == 1 else "equal")  # type: ignore[arg-type]
    axes.set_title(title, fontsize=8.5, fontweight="normal", loc="center")
    frame = Rectangle((0, 0), 1, 1, transform=axes.transAxes, fill=False, edgecolor=color, linewidth=2, clip_on=False)
    axes.add_patch(frame)
