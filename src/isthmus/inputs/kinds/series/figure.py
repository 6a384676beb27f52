"""Waves and what is heard of them, at places along both paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from isthmus._core.look import DIRECT, FOUND, LOWERED, PEAK, RAISED, RC
from isthmus._core.shapes import Input
from isthmus.inputs.kinds.base import Walk, evenly
from isthmus.inputs.kinds.named import in_parts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from isthmus.inputs.kinds.series.kind import Series

PLACES = 5
PARTS = 64  # of a wave, in which an attribution is summed


def series_figure(kind: Series, walk: Walk) -> Figure:
    """A column for each place along the paths: the direct wave, the one found, and, of sound, its spectrogram."""
    import matplotlib

    from isthmus._core.drawn import Drawn
    from isthmus.inputs.kinds.series.spectrum import spectrogram

    columns = _places(walk)
    heard = kind.sound and walk.shown.shape[-1] >= 512
    rows = [("direct", walk.direct, DIRECT)]
    if walk.found is not None:
        rows.append(("found", walk.found, FOUND))
    count = len(rows) + heard
    samples = walk.direct.shape[-1]
    time = np.arange(samples) / (kind.rate or 1)
    scale = float(torch.cat([part for _, part, _ in rows]).abs().max()) or 1.0
    with matplotlib.rc_context(RC | {"font.size": 9}):
        figure = Drawn(figsize=(2.1 * len(columns) + 0.7, 1.35 * count + 1.1))
        grid = figure.subplots(count, len(columns), squeeze=False, sharex=not heard)
        for column, place in enumerate(columns):
            for row, (name, path, color) in enumerate(rows):
                axes = grid[row, column]
                values = path[place].reshape(-1, samples).double().numpy()
                for number, channel in enumerate(values):
                    axes.plot(time, channel, color=color, linewidth=0.6, alpha=1 if number == 0 else 0.5)
                axes.set_ylim(-1.05 * scale, 1.05 * scale)
                axes.set_xlim(0, time[-1])
                if column:
                    axes.set_yticklabels([])
                else:
                    axes.set_ylabel(f"{name}\n({kind.unit})")
                if row == 0:
                    peak = abs(walk.t[place] - walk.peak) < 1e-6
                    title = f"t = {walk.t[place]:.2f}" + (", peak" if peak else "")
                    axes.set_title(title, fontsize=10, fontweight="normal", color=PEAK if peak else "black")
            if heard:
                axes = grid[-1, column]
                wave = walk.shown[place].reshape(-1, samples).mean(0)
                top = (kind.rate or samples) / 2000
                axes.imshow(
                    spectrogram(wave),
                    origin="lower",
                    aspect="auto",
                    cmap="magma",
                    extent=(0, float(time[-1]), 0, top),
                    interpolation="nearest",
                )
                if column:
                    axes.set_yticklabels([])
                else:
                    axes.set_ylabel(("kHz" if kind.rate else "pitch") + f"\n({rows[-1][0]})")
            grid[-1, column].set_xlabel("s" if kind.rate else "sample")
        figure.suptitle(walk.title, x=0.01, ha="left", fontsize=12, fontweight="bold")
    return figure


def draw_over(axes: Axes, kind: Series, values: Input, x: Input) -> None:
    """A wave in front of what is due to each part of its time: red above 0, blue below."""
    samples = x.shape[-1]
    time = np.arange(samples) / (kind.rate or 1)
    edges, due = in_parts(values.reshape(-1, samples).sum(0).double().numpy(), PARTS)
    places = edges / (kind.rate or 1)
    colors = [RAISED if each > 0 else LOWERED for each in due]
    axes.bar(places[:-1], due, np.diff(places), align="edge", color=colors, alpha=0.75)
    axes.axhline(0, color="0.4", linewidth=0.8)
    reach = float(np.abs(due).max()) or 1.0
    axes.set_ylim(-1.1 * reach, 1.1 * reach)
    behind = axes.twinx()
    for channel in x.reshape(-1, samples).double().numpy():
        behind.plot(time, channel, color="black", linewidth=0.4, alpha=0.5)
    loudest = float(x.abs().max()) or 1.0
    behind.set_ylim(-1.1 * loudest, 1.1 * loudest)
    behind.set_axis_off()
    axes.set_xlim(0, time[-1])
    axes.set_xlabel("s" if kind.rate else "sample")


def _places(walk: Walk) -> list[int]:
    """Evenly spaced places, the one nearest to the peak moved onto it."""
    chosen = list(evenly(len(walk.t), PLACES))
    peak = min(range(len(walk.t)), key=lambda k: abs(walk.t[k] - walk.peak))
    if 0 < peak < len(walk.t) - 1 and peak not in chosen:
        nearest = min(range(1, len(chosen) - 1), key=lambda k: abs(chosen[k] - peak))
        chosen[nearest] = peak
    return sorted(set(chosen))
