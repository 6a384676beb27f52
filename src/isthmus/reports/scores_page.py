"""The page of a detector's verdicts: every input with its curves beside the band of clean ones."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from isthmus._core.shapes import Inputs
from isthmus.inputs.kinds import InputKind
from isthmus.reports.pictures import to_image, to_pixels
from isthmus.reports.rendering import render

Curve = NDArray[np.float64]
WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 300, 150, 34, 24, 8
LEAST, MOST = -6, 2  # decades of the loss that are drawn


@dataclass(frozen=True, kw_only=True)
class Scores:
    """A detector's verdicts, with what people call the inputs.

    Attributes:
        x: the inputs (n, *input), in data units.
        rows: input, class, score, p_value, verdict of each.
        curves: loss along the segments of each input, by kind (n, s, m).
        bands: 5 %, 50 % and 95 % of that of clean inputs, by kind (3, m).
        flagged: how many are.
        about: one line on detector, network and rate.
        made: how it was made, for the page's foot.
        skipped: inputs that could not be used, with the reason.
        input_kind: what the inputs are, where that is known.
    """

    x: Inputs
    rows: Sequence[Mapping[str, Any]]
    curves: Mapping[str, Curve]
    bands: Mapping[str, Curve]
    flagged: int
    about: str
    made: Mapping[str, Any]
    skipped: Mapping[str, str] = field(default_factory=dict)
    input_kind: InputKind | None = None


def scores_page(scores: Scores, *, most: int = 100) -> str:
    """The page as HTML text: the inputs from the most suspicious on, the first `most` of them with their curves."""
    order = sorted(range(len(scores.rows)), key=lambda number: _rank(scores.rows[number]))
    shown = [
        {
            **scores.rows[number],
            "picture": _picture(scores.x[number], scores.input_kind),
            "curves": [
                {"kind": kind, "drawing": _drawing(values[number], scores.bands[kind])}
                for kind, values in scores.curves.items()
            ],
        }
        for number in order[:most]
    ]
    return render(
        "scores.html",
        (),
        {},
        title=f"{scores.flagged} of {len(scores.rows)} inputs flagged",
        about=scores.about,
        rows=[scores.rows[number] for number in order],
        shown=shown,
        size={"width": WIDTH, "height": HEIGHT, "left": LEFT, "bottom": HEIGHT - BOTTOM},
        ticks=[{"y": _y(10.0**decade), "text": f"{10.0**decade:g}"} for decade in range(LEAST, MOST + 1, 2)],
        skipped=scores.skipped,
        made=scores.made,
    )


def _rank(row: Mapping[str, Any]) -> tuple[float, float]:
    """Smallest p-value first; inputs without one come first of all: somebody should look at them."""
    p, score = row["p_value"], row["score"]
    return (-1.0, 0.0) if p is None or math.isnan(p) else (p, -score)


def _picture(x: Any, kind: InputKind | None) -> str:
    stream = io.BytesIO()
    pixels = to_pixels(x, kind)
    image = to_image(pixels, 160)
    if max(image.size) < 80:
        factor = 80 // max(image.size) or 1
        image = image.resize((image.width * factor, image.height * factor), Image.Resampling.NEAREST)
    image.save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


def _drawing(curves: Curve, band: Curve) -> dict[str, Any]:
    """Points of polylines in the picture: the band's outline, its middle, and every curve."""
    t = np.linspace(0, 1, band.shape[1])
    outline = [*zip(t, band[0], strict=True), *reversed(list(zip(t, band[2], strict=True)))]
    return {
        "band": _points(outline),
        "middle": _points(list(zip(t, band[1], strict=True))),
        "curves": [_points(list(zip(t, curve, strict=True))) for curve in curves],
    }


def _points(line: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{LEFT + (WIDTH - LEFT - 6) * t:.1f},{_y(loss):.1f}" for t, loss in line)


def _y(loss: float) -> float:
    decade = LEAST if not loss > 0 else min(MOST, max(LEAST, math.log10(loss)))
    return TOP + (HEIGHT - TOP - BOTTOM) * (MOST - decade) / (MOST - LEAST)
