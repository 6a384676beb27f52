"""The figure of the experiment on real inputs: curves, moves of equal length, the spectrum, and a pair."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from torch import Tensor

from isthmus.connecting.connection import Connection
from isthmus.experiments.real.measured import MeasuredPairs
from isthmus.experiments.real.measures import BypassMeasures
from isthmus.findings.drawing import band, box
from isthmus.reports import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

FLOOR = 1e-6  # the lowest loss that is drawn
MOVES = {
    "gradient_undone": ("negative\ngradient", style.PEAK),
    "scrambled_undone": ("random, same\nspectrum", style.DIRECT),
    "random_undone": ("random", style.DIRECT),
}


def real_figure(measured: MeasuredPairs) -> Figure:
    """Four panels; those about bypasses are left out where no pair needed one."""
    import matplotlib

    from isthmus._core.drawn import Drawn

    measures, example = measured.measures, measured.example
    pictures = example is not None and example.path.ends.ndim == 4
    with matplotlib.rc_context(style.RC):
        figure = Drawn(figsize=(11, 6.4 if pictures else 3.9))
        top, below = figure.subfigures(2, 1, height_ratios=(1.35, 1)) if pictures else (figure, None)  # type: ignore[misc]
        columns = 1 if measures is None else 3 if measures.spectra else 2
        axes = top.subplots(1, columns, squeeze=False)[0]
        if measures is None:
            axes[0].text(0.5, 0.5, "no pair needed a bypass", ha="center")
            axes[0].set_axis_off()
        else:
            _curves(axes[0], measured.curves, measured.unit)
            _moves(axes[1], measures)
        if measures is not None and measures.spectra and measured.white is not None:
            _spectrum(axes[2], measures, measured.white)
        if below is not None and example is not None:
            _pictures(below, example)
    return figure


def _curves(axes: Axes, pairs: Sequence[Connection], unit: str) -> None:
    t = np.linspace(0, 1, 101)
    for name, color, label in (("direct", style.DIRECT, "direct path"), ("profile", style.FOUND, "path found")):
        profiles = [getattr(pair, name) for pair in pairs]
        losses = np.stack([np.interp(t, p.t.numpy(), p.loss.double().clamp_min(FLOOR).numpy()) for p in profiles])
        band(axes, t, losses, color, label)
    axes.set_yscale("log")
    axes.set_xlabel("arc length / |AC|")
    axes.set_ylabel(f"loss ({unit})")
    axes.set_title(f"{len(pairs)} bypassed pairs", fontsize=11)
    axes.legend(fontsize=9)


def _moves(axes: Axes, measures: BypassMeasures) -> None:
    for place, (name, (_, color)) in enumerate(MOVES.items()):
        box(axes, measures.numbers[name].numpy(), place, color)
    axes.axhline(1, color=style.BYPASS, linewidth=1.5)
    axes.text(len(MOVES) - 0.55, 1.02, "B′ − B", color=style.BYPASS, ha="right", va="bottom", fontsize=9)
    axes.axhline(0, color="black", linewidth=0.6)
    axes.set_xticks(range(len(MOVES)), [label for label, _ in MOVES.values()], fontsize=9)
    axes.set_xlim(-0.6, len(MOVES) - 0.4)
    low = min(float(np.quantile(measures.numbers[name], 0.05)) for name in MOVES)
    axes.set_ylim(max(-1.0, min(-0.25, low - 0.1)), 1.3)
    axes.set_ylabel("share of the fall L(B) − L(B′)")
    axes.set_title("Moves of equal length from B", fontsize=11)


def _spectrum(axes: Axes, measures: BypassMeasures, white: Tensor) -> None:
    bands = len(white)
    middle = (np.arange(bands) + 0.5) / bands
    for name, color, label in (("images", style.DIRECT, "C − A"), ("bypass", style.BYPASS, "B′ − B")):
        axes.plot(
            middle, np.median(measures.spectra[name].numpy(), axis=0), "o-", color=color, label=label, markersize=4
        )
    axes.plot(middle, white.numpy(), ":", color="black", label="white noise", linewidth=1.2)
    axes.set_yscale("log")
    axes.set_xlabel("frequency / highest along an axis")
    axes.set_ylabel("share of energy")
    axes.set_title("Spectrum of B′ − B", fontsize=11)
    axes.legend(fontsize=9)


def _pictures(figure: SubFigure, pair: Connection) -> None:
    place = pair.first_bypass
    assert place is not None
    peak, moved = pair.direct_path.at(pair.direct.argmax_t), pair.path.to_polyline().vertices[place]
    kind = pair.drawn_as
    pixels, caption = kind.change(moved, peak)
    shown = (
        (kind.pixels(pair.path.ends[0]), f"A, loss {float(pair.direct.loss[0]):.2g}", "black"),
        (kind.pixels(peak), f"B, loss {pair.direct.max_loss:.2g}", style.PEAK),
        (kind.pixels(moved), "B′", style.BYPASS),
        (kind.pixels(pair.path.ends[1]), f"C, loss {float(pair.direct.loss[-1]):.2g}", "black"),
        (pixels, f"B′ − B, {caption}", style.BYPASS),
    )
    grid = figure.subplots(1, len(shown))
    for axes, (picture, title, color) in zip(grid, shown, strict=True):
        axes.imshow(picture, interpolation="nearest")
        axes.set_title(title, fontsize=10, fontweight="normal", loc="center")
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set(visible=True, color=color, linewidth=2)
