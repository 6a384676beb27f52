"""The chart of the experiment on real inputs: curves, moves of equal length, the spectrum, and a pair."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from torch import Tensor

from isthmus.charts import INK, Axis, Chart, Curve, Mark, Panel, Picture, Rule, Words, box_of, quartiles
from isthmus.connecting.connection import Connection
from isthmus.experiments.real.measured import MeasuredPairs
from isthmus.experiments.real.measures import BypassMeasures
from isthmus.reports import style

FLOOR = 1e-6  # the lowest loss that is drawn
MOVES = {
    "gradient_undone": ("negative\ngradient", style.PEAK),
    "scrambled_undone": ("random, same\nspectrum", style.DIRECT),
    "random_undone": ("random", style.DIRECT),
}


def real_chart(measured: MeasuredPairs) -> Chart:
    """Curves, moves and spectrum, and a pair in pictures; those about bypasses are left out where none was needed."""
    measures, example = measured.measures, measured.example
    pictures = _pictures(example) if example is not None and example.path.ends.ndim == 4 else []
    if measures is None:
        none = Panel(marks=[Words(x=0.5, y=0.5, text="no pair needed a bypass")], framed=False)
        return Chart(panels=[none], pictures=pictures, size=(11, 6.4 if pictures else 3.9))
    panels = [_curves(measured.curves, measured.unit), _moves(measures)]
    if measures.spectra and measured.white is not None:
        panels.append(_spectrum(measures, measured.white))
    return Chart(panels=panels, pictures=pictures, size=(11, 6.4 if pictures else 3.9))


def _curves(pairs: Sequence[Connection], unit: str) -> Panel:
    t = np.linspace(0, 1, 101)
    marks: list[Mark] = []
    for name, color, label in (("direct", style.DIRECT, "direct path"), ("profile", style.FOUND, "path found")):
        profiles = [getattr(pair, name) for pair in pairs]
        losses = np.stack([np.interp(t, p.t.numpy(), p.loss.double().clamp_min(FLOOR).numpy()) for p in profiles])
        marks += quartiles(t, losses, color, label)
    return Panel(
        title=f"{len(pairs)} bypassed pairs",
        marks=marks,
        x=Axis(label="arc length / |AC|", low=0, high=1),
        y=Axis(label=f"loss ({unit})", scale="log"),
    )


def _moves(measures: BypassMeasures) -> Panel:
    boxes: list[Mark] = []
    for place, (name, (label, color)) in enumerate(MOVES.items()):
        boxes += box_of(measures.numbers[name].numpy(), place, color, upright=True, name=label.replace("\n", " "))
    low = min(float(np.quantile(measures.numbers[name], 0.05)) for name in MOVES)
    return Panel(
        title="Moves of equal length from B",
        marks=[*boxes, Rule(at=1, color=style.BYPASS, width=1.5, words="B′ − B"), Rule(at=0, width=0.6)],
        x=Axis(
            low=-0.6, high=len(MOVES) - 0.4, ticks=[(place, label) for place, (label, _) in enumerate(MOVES.values())]
        ),
        y=Axis(label="share of the fall L(B) − L(B′)", low=max(-1.0, min(-0.25, low - 0.1)), high=1.3),
    )


def _spectrum(measures: BypassMeasures, white: Tensor) -> Panel:
    bands = len(white)
    middle = (np.arange(bands) + 0.5) / bands
    marks: list[Mark] = []
    for name, color, label in (("images", style.DIRECT, "C − A"), ("bypass", style.BYPASS, "B′ − B")):
        energy = np.median(measures.spectra[name].numpy(), axis=0)
        marks.append(Curve(x=middle, y=energy, color=color, name=label, marker="o", size=4))
    marks.append(Curve(x=middle, y=white.numpy(), dash="dotted", width=1.2, color=INK, name="white noise"))
    return Panel(
        title="Spectrum of B′ − B",
        marks=marks,
        x=Axis(label="frequency / highest along an axis"),
        y=Axis(label="share of energy", scale="log"),
    )


def _pictures(pair: Connection) -> list[Picture]:
    place = pair.first_bypass
    assert place is not None
    peak, moved = pair.direct_path.at(pair.direct.argmax_t), pair.path.to_polyline().vertices[place]
    kind = pair.drawn_as
    pixels, caption = kind.change(moved, peak)
    begin, end = pair.path.ends
    return [
        Picture(pixels=kind.pixels(begin), words=f"A, loss {float(pair.direct.loss[0]):.2g}"),
        Picture(pixels=kind.pixels(peak), words=f"B, loss {pair.direct.max_loss:.2g}", color=style.PEAK),
        Picture(pixels=kind.pixels(moved), words="B′", color=style.BYPASS),
        Picture(pixels=kind.pixels(end), words=f"C, loss {float(pair.direct.loss[-1]):.2g}"),
        Picture(pixels=pixels, words=f"B′ − B, {caption}", color=style.BYPASS),
    ]
