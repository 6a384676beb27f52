"""The nearest tokens at places along a path, and where they are others than at its beginning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isthmus._core.look import FOUND, PEAK, RC, TARGET_BAND
from isthmus._core.text import plain
from isthmus.inputs.kinds.base import Walk, evenly
from isthmus.inputs.kinds.tokens.vocabulary import Vocabulary

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROWS, ACROSS = 11, 14


def tokens_figure(known: Vocabulary, walk: Walk) -> Figure:
    """A line for each place: the nearest tokens, shaded where they are not those of A, and the loss."""
    import matplotlib

    from isthmus._core.drawn import Drawn

    places = list(evenly(len(walk.t), ROWS))
    ids = known.nearest(walk.shown[places])
    used = int((ids != known.filler).any(0).nonzero().max()) + 1 if bool((ids != known.filler).any()) else 1
    shown = min(used, ACROSS)
    with matplotlib.rc_context(RC | {"font.size": 9}):
        figure = Drawn(figsize=(1.8 + 0.82 * shown, 0.36 * len(places) + 1.25))
        axes = figure.subplots()
        axes.set_xlim(-1.1, shown + 1)
        axes.set_ylim(len(places) - 0.5, -1.2)
        axes.set_axis_off()
        for row, place in enumerate(places):
            peak = abs(walk.t[place] - walk.peak) < 1e-6
            axes.text(-1.05, row, f"t = {walk.t[place]:.2f}", va="center", color=PEAK if peak else "0.4")
            for column in range(shown):
                number = int(ids[row, column])
                if number != int(ids[0, column]):
                    axes.axvspan(
                        column,
                        column + 0.96,
                        1 - (row + 1.65) / (len(places) + 0.7),
                        1 - (row + 0.75) / (len(places) + 0.7),
                        color=TARGET_BAND,
                        linewidth=0,
                    )
                word = plain(known.word(number)).strip() or "␣"
                word = word if len(word) <= 10 else word[:9] + "…"
                axes.text(column + 0.48, row, word, ha="center", va="center", fontsize=8 if len(word) < 8 else 7)
            axes.text(shown + 0.15, row, f"{walk.losses[place]:.3g}", va="center", color=FOUND)
        axes.text(shown + 0.15, -0.9, "loss", va="center", color=FOUND)
        cut = f" (the first {shown} of {used} tokens)" if used > shown else ""
        axes.text(0, -0.9, f"nearest tokens{cut}; shaded: others than in A", va="center", color="0.4")
        figure.suptitle(walk.title, x=0.01, ha="left", fontsize=12, fontweight="bold")
    return figure
