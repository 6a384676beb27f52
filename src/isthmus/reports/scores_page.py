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

from isthmus._core.files import plain
from isthmus._core.shapes import Inputs
from isthmus._core.text import visible
from isthmus.inputs.kinds import InputKind
from isthmus.reports.pictures import to_image, to_pixels
from isthmus.reports.rendering import render

Curve = NDArray[np.float64]
LOWEST, HIGHEST = 1e-6, 1e2  # losses that are drawn


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


def scores_page(scores: Scores, *, most: int = 200) -> str:
    """The page as HTML text: the inputs from the most suspicious on, the first `most` of them with their curves."""
    order = sorted(range(len(scores.rows)), key=lambda number: _rank(scores.rows[number]))
    rows = []
    for place, number in enumerate(order):
        row = {key: visible(value) if isinstance(value, str) else value for key, value in scores.rows[number].items()}
        drawn = place < most
        rows.append(
            plain({key: row.get(key) for key in ("input", "class", "score", "p_value", "verdict")})
            | {
                "picture": _picture(scores.x[number], scores.input_kind) if drawn else "",
                "curves": {kind: [_short(each) for each in values[number]] for kind, values in scores.curves.items()}
                if drawn
                else None,
            }
        )
    bands = {
        kind: dict(zip(("low", "middle", "high"), map(_short, band), strict=True))
        for kind, band in scores.bands.items()
    }
    return render(
        "scores.html",
        ("common.js", "axes.js", "charts.js", "tables.js", "scores.js"),
        {"rows": rows, "bands": bands, "charts": [], "lowest": LOWEST, "highest": HIGHEST},
        title=f"{scores.flagged} of {len(scores.rows)} inputs flagged",
        about=scores.about,
        drawn=min(most, len(rows)),
        total=len(rows),
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
    return "data:image/png;base64," + base64.b64encode(stream.getvalue()).decode()


def _short(losses: Curve) -> list[float | None]:
    """Losses within what is drawn, with as many digits as are seen; what is no number interrupts its curve."""
    return [
        None if math.isnan(loss) else float(f"{min(HIGHEST, max(LOWEST, loss)):.3g}")
        for loss in np.asarray(losses, dtype=float).tolist()
    ]
