"""What estimated thresholds say: table, chart and words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from isthmus.charts import Axis, Chart, Curve, Mark, Panel, Rule, Whisker
from isthmus.findings.findings import Findings, Table
from isthmus.percolation import Threshold, series_threshold
from isthmus.percolation.known import known_threshold
from isthmus.reports import style

COLORS = {"site": style.FOUND, "bond": style.PEAK}


def threshold_row(each: Threshold) -> dict[str, Any]:
    """A threshold as a row of `result.json`."""
    return {
        "dimension": each.dimension,
        "kind": each.kind,
        "p_c": each.p_c,
        "standard_error": each.standard_error,
        "method": each.method,
        "runs": each.runs,
        "published": each.known,
        "relative_difference": None if each.known is None else each.p_c / each.known - 1,
        "difference_in_errors": _in_errors(each),
    }


def threshold_findings(found: Sequence[Threshold], about: str) -> Findings:
    """Thresholds beside the published ones and the series for high dimension."""
    rows = [threshold_row(each) for each in found]
    off = [(abs(row["difference_in_errors"]), each) for row, each in zip(rows, found, strict=True)
           if row["difference_in_errors"] is not None]  # fmt: skip
    said: list[str] = []
    agrees: list[str] = []
    differs: list[str] = []
    if off:
        worst, where = max(off, key=lambda pair: pair[0])
        relative = max(abs(row["relative_difference"]) for row in rows)
        text = (
            f"The furthest from the published value is that of {_name(where)}: {worst:.1f} standard errors; the "
            f"largest relative difference is {relative:.1e}."
        )
        (said if worst <= 3 else differs).append(text)
    fall = [each for each in found if each.kind == "site" and each.dimension >= 3]
    if len(fall) > 1:
        ends = (min(fall, key=lambda each: each.dimension), max(fall, key=lambda each: each.dimension))
        products = [2 * each.dimension * each.p_c for each in ends]
        text = (
            f"2 d p_c of sites goes from {products[0]:.2f} at d = {ends[0].dimension} to {products[1]:.2f} at d = "
            f"{ends[1].dimension}."
        )
        (agrees if abs(products[1] - 1) < abs(products[0] - 1) else differs).append(
            text + " The paper: the threshold falls like 1/(2d)."
        )
    columns = {
        "dimension": "d",
        "kind": "open",
        "p_c": None,
        "shown": "p_c",
        "standard_error": "standard error",
        "published": None,
        "shown_published": "published",
        "difference_in_errors": "difference / error",
        "relative_difference": "relative difference",
        "method": "method",
        "runs": "runs",
    }
    shown = [
        {
            **row,
            "shown": f"{row['p_c']:.6f}",
            "shown_published": "–" if row["published"] is None else f"{row['published']:.6f}",
        }
        for row in rows
    ]
    return Findings(
        title="Percolation thresholds of the hypercubic lattice",
        source="Vrabel et al. (2025), Section 5; Newman and Ziff (2001), Mertens and Moore (2018)",
        claim=(
            "Sites of a lattice that are open with probability p join into one giant cluster as soon as p exceeds "
            "p_c(d), which falls towards 0 like 1/(2d)."
        ),
        about=about,
        found=said,
        agrees=agrees,
        differs=differs,
        tables=[Table(name="thresholds", title="Thresholds", columns=columns, rows=shown)],
        chart=_chart(found),
        caption=(
            "First: thresholds found (dots), published ones (crosses), the expansion in 1/(2d − 1) to six terms (line) "
            "and 1/(2d) (dotted). Second: difference from the published value, with one standard error (thick) and "
            "three (thin)."
        ),
        notes=["One dimension is exact: a single closed site cuts the line."]
        if any(each.dimension == 1 for each in found)
        else [],
    )


def _name(each: Threshold) -> str:
    return f"{each.kind}s in {each.dimension} dimensions"


def _in_errors(each: Threshold) -> float | None:
    if each.known is None or not each.standard_error:
        return None
    return (each.p_c - each.known) / each.standard_error


def _chart(found: Sequence[Threshold]) -> Chart:
    return Chart(panels=[_values(found), _differences(found)])


def _values(found: Sequence[Threshold]) -> Panel:
    dimensions, high = np.arange(2, 14), np.arange(4, 14)
    marks: list[Mark] = [Curve(x=dimensions, y=1 / (2 * dimensions), dash="dotted", width=1.2, name="1/(2d)")]
    for kind in dict.fromkeys(each.kind for each in found):
        mine = [each for each in found if each.kind == kind]
        series = [series_threshold(d, kind) for d in high.tolist()]
        published = [known_threshold(d, kind) or np.nan for d in dimensions.tolist()]
        marks += [
            Curve(x=high, y=series, color=COLORS[kind], width=1, faint=0.3, name=f"{kind}s: series"),
            Curve(x=dimensions, y=published, width=0, marker="x", size=7, name="published"),
            Curve(
                x=[each.dimension for each in mine], y=[each.p_c for each in mine], color=COLORS[kind], width=0,
                marker="o", size=5.5, name=f"{kind}s: found",
            ),
        ]  # fmt: skip
    ticks = [0.05, 0.1, 0.2, 0.5, 1.0]
    return Panel(
        title="Thresholds",
        marks=marks,
        x=Axis(label="dimension d", ticks=[(d, str(d)) for d in range(1, 14)]),
        y=Axis(label="threshold p_c", scale="log", ticks=[(tick, f"{tick:g}") for tick in ticks]),
    )


def _differences(found: Sequence[Threshold]) -> Panel:
    marks: list[Mark] = [Rule(at=0)]
    dimensions = sorted({each.dimension for each in found})
    alone = len({each.kind for each in found}) == 1
    for each in found:
        if each.known is None or not each.standard_error:
            continue
        place = each.dimension + (0 if alone else 0.12 if each.kind == "bond" else -0.12)
        # In parts per million: the differences are too small for any other unit.
        value, error = 1e6 * (each.p_c / each.known - 1), 1e6 * each.standard_error / each.known
        name = f"{each.kind}s, d = {each.dimension}"
        for errors, width, marker in ((3, 0.9, ""), (1, 3.2, "o")):
            low, high = value - errors * error, value + errors * error
            marks.append(
                Whisker(at=place, value=value, low=low, high=high, color=COLORS[each.kind], upright=True, width=width,
                        marker=marker, name=f"{name}, {errors} standard error{'s' if errors > 1 else ''}")
            )  # fmt: skip
    return Panel(
        title="Difference from the published ones",
        marks=marks,
        x=Axis(
            label="dimension d",
            low=dimensions[0] - 0.4,
            high=dimensions[-1] + 0.4,
            ticks=[(d, str(d)) for d in dimensions],
        ),
        y=Axis(label="relative difference (parts per million)"),
    )
