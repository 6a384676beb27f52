"""The sheet: inputs side by side, each with a caption, and beneath each, where there is one, what it was made from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from isthmus._core.shapes import Inputs
from isthmus.inputs.kinds import InputKind, kind_for
from isthmus.reports import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 8
MOST = 64


def sheet_figure(
    x: Inputs,
    captions: Sequence[str],
    *,
    sources: Inputs | None = None,
    source_captions: Sequence[str] = (),
    title: str = "",
    input_kind: InputKind | None = None,
) -> Figure:
    """Pictures of the first 64 inputs in rows of eight; with sources, each row is followed by them and by the change.

    Args:
        x: the inputs (n, *input), in data units.
        captions: one or two lines for each.
        sources: what each was made from (n, *input).
        source_captions: likewise for the sources.
        title: above all.
        input_kind: what they are.
    """
    import matplotlib

    from isthmus._core.drawn import Drawn

    count, kind = min(len(x), MOST), kind_for(input_kind, tuple(x.shape[1:]))
    columns, per = min(COLUMNS, count), 1 if sources is None else 3
    rows = per * -(-count // columns)
    with matplotlib.rc_context(style.RC | style.PLACED):
        height = 1.75 * rows + 0.5
        figure = Drawn(figsize=(1.5 * columns + 0.3, height))
        space = {"left": 0.02, "right": 0.98, "bottom": 0.02, "top": 1 - 0.8 / height, "wspace": 0.06, "hspace": 0.42}
        grid = figure.subplots(rows, columns, squeeze=False, gridspec_kw=space)
        for axes in grid.flat:
            axes.set_axis_off()
        for number in range(count):
            row, column = per * (number // columns), number % columns
            if sources is None:
                _show(grid[row, column], kind.pixels(x[number]), captions[number])
                continue
            pixels, caption = kind.change(x[number], sources[number])
            _show(grid[row, column], kind.pixels(sources[number]), source_captions[number])
            _show(grid[row + 1, column], kind.pixels(x[number]), captions[number])
            _show(grid[row + 2, column], pixels, f"change, {caption}")
        figure.suptitle(
            style.plain(title), x=0.01, y=1 - 0.2 / height, ha="left", va="center", fontsize=12, fontweight="bold"
        )
    return figure


def _show(axes: Axes, pixels: object, caption: str) -> None:
    aspect = "auto" if getattr(pixels, "shape", (1,))[0] == 1 else "equal"
    axes.imshow(pixels, interpolation="nearest", aspect=aspect)  # type: ignore[arg-type]
    axes.set_title(style.plain(caption), fontsize=7.5, fontweight="normal", loc="center", pad=3)
