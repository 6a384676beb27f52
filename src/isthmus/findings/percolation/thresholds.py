"""What estimated thresholds say: table, figure and words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from isthmus.findings.findings import Findings, Table
from isthmus.percolation import Threshold, series_threshold
from isthmus.percolation.known import known_threshold
from isthmus.reports import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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
        figure=_figure(found),
        caption=(
            "Left: thresholds found (dots), published ones (crosses), the expansion in 1/(2d − 1) to six terms (line) "
            "and 1/(2d) (dotted). Right: difference from the published value, with one standard error (thick) and "
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


def _figure(found: Sequence[Threshold]) -> Figure:
    import matplotlib

    from isthmus._core.drawn import Drawn

    with matplotlib.rc_context(style.RC):
        figure = Drawn(figsize=(10.5, 4.2))
        left, right = figure.subplots(1, 2)
        _values(left, found)
        _differences(right, found)
    return figure


def _values(axes: Axes, found: Sequence[Threshold]) -> None:
    dimensions = np.arange(2, 14)
    axes.plot(dimensions, 1 / (2 * dimensions), ":", color="black", linewidth=1.2, label="1/(2d)")
    for kind in dict.fromkeys(each.kind for each in found):
        mine = [each for each in found if each.kind == kind]
        high = np.arange(4, 14)
        axes.plot(high, [series_threshold(d, kind) for d in high.tolist()], color=COLORS[kind], linewidth=1, alpha=0.7,
                  label=f"{kind}s: series")  # fmt: skip
        published = [known_threshold(d, kind) or np.nan for d in dimensions.tolist()]
        axes.plot(dimensions, published, "x", color="black", markersize=7,
                  label="published" if kind == found[0].kind else None)  # fmt: skip
        axes.plot([each.dimension for each in mine], [each.p_c for each in mine], "o", color=COLORS[kind],
                  markersize=5.5, label=f"{kind}s: found")  # fmt: skip
    axes.set_yscale("log")
    ticks = [0.05, 0.1, 0.2, 0.5, 1.0]
    axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xticks(range(1, 14))
    axes.set_xlabel("dimension d")
    axes.set_ylabel("threshold p_c")
    axes.set_title("Thresholds")
    axes.legend(fontsize=9)


def _differences(axes: Axes, found: Sequence[Threshold]) -> None:
    axes.axhline(0, color="black", linewidth=1)
    for each in found:
        if each.known is None or not each.standard_error:
            continue
        place = each.dimension + (0.12 if each.kind == "bond" else -0.12)
        value, error = each.p_c / each.known - 1, each.standard_error / each.known
        axes.plot([place, place], [value - 3 * error, value + 3 * error], color=COLORS[each.kind], linewidth=0.9)
        axes.plot([place, place], [value - error, value + error], color=COLORS[each.kind], linewidth=3.2)
        axes.plot(place, value, "o", color=COLORS[each.kind], markersize=4.5)
    axes.ticklabel_format(axis="y", style="sci", scilimits=(0, 0), useMathText=True)
    axes.set_xticks(sorted({each.dimension for each in found}))
    axes.set_xlabel("dimension d")
    axes.set_ylabel("relative difference from published")
    axes.set_title("Difference from the published ones")
