"""A comparison in a folder: table, figure, page, and the result last."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from isthmus._core.drawn import Drawn
from isthmus._core.files import write_json, write_text
from isthmus._core.versions import versions, versions_in_words
from isthmus.charts import Axis, Chart, Curve, Panel, in_page
from isthmus.comparing import Comparison
from isthmus.reports.comparison_tables import Table, compared, remarks, transferred, words_of
from isthmus.reports.plots import plot_of
from isthmus.reports.rendering import Page, render
from isthmus.reports.style import RC, SERIES, save_figure
from isthmus.results import RESULT, ResultFolder
from isthmus.results.saved import write_table

SCHEMA = "isthmus/comparison/1"  # docs/tables.md describes it
FLOOR = 1e-6  # lower losses are drawn here
TABLE, PAGE, FIGURE = "table.parquet", "index.html", "comparison"
CARRIED = (
    "Of the pairs that a bypass has connected on the first network: those whose straight path is too high on the "
    "second as well, and those where it is low. Low: at or below the threshold that the pair has on the second. "
    "Mirrored: the same path on the other side of the straight one, a control."
)


def write_comparison(found: Comparison, folder: ResultFolder, *, command: str) -> None:
    """Writes `table.parquet`, `comparison.png` and `.svg`, `index.html` and `result.json`, all or nothing."""
    import matplotlib

    with folder.stage({"runs": list(found.names), "versions": versions()}) as stage:
        write_table(found.table(), stage / TABLE)
        with matplotlib.rc_context(RC):
            figure = Drawn(figsize=(7, 4.4))
            plot_of(found, figure.subplots(), None)
        for kind in ("png", "svg"):
            save_figure(figure, stage / f"{FIGURE}.{kind}")
        write_text(stage / PAGE, comparison_page(found, command=command))
        write_json(stage / RESULT, result_of(found, command))


def result_of(found: Comparison, command: str) -> dict[str, Any]:
    """The comparison as `result.json` has it; numbers that are not finite are null there."""
    return {
        "schema": SCHEMA,
        "command": command,
        "runs": list(found.names),
        "pairs": len(found),
        "left_out": found.left_out,
        "other_targets": found.other_targets,
        "intervals": "bootstrap over classes" if found.by_class else "pairs as independent",
        "differences": [_plain(asdict(each)) for each in found.differences()],
        "transfer": [_plain(asdict(each)) for each in found.transfer],
        "seed": found.seed,
        "versions": versions(),
        "files": {"table": TABLE, "page": PAGE, "figure": f"{FIGURE}.png"},
    }


def comparison_page(found: Comparison, *, command: str = "", title: str = "Runs compared") -> Page:
    """The page as HTML text: every run beside the first, how paths carry over, and the curves."""
    how = "over classes" if found.by_class else "that take pairs as independent (there is one class)"
    beside = f"Of pairs that all runs have; in brackets: 95 % intervals {how}."
    tables = [_table("Beside the first run", compared(found), beside)]
    if found.transfer:
        tables.append(_table("Do paths carry over?", transferred(found), CARRIED))
    notes = remarks(found)
    made = {"command": command, "seed": found.seed, "versions": versions_in_words()}
    return render(
        "compare.html",
        ("common.js", "axes.js", "charts.js"),
        {"charts": [in_page(_curves(found))]},
        title=title,
        about=f"{len(found):,} pairs, the same in {len(found.runs)} runs: {', '.join(found.names)}.",
        tables=tables,
        notes=notes,
        made={key: value for key, value in made.items() if value != ""},
    )


def _curves(found: Comparison) -> Chart:
    marks = []
    for run, name in enumerate(found.names):
        values = np.sort(found.values("max_loss", run))
        share = 100 * np.arange(1, len(values) + 1) / max(1, len(values))
        steps = np.repeat(np.append(0.0, share), 2)[1:-1]
        marks.append(
            Curve(x=np.repeat(np.maximum(values, FLOOR), 2), y=steps, name=name, color=SERIES[run % len(SERIES)])
        )
    x = Axis(label=f"max loss ({found.unit or 'different units'})", scale="log")
    y = Axis(label="pairs at or below (%)", low=0, high=100)
    return Chart(panels=[Panel(marks=marks, x=x, y=y)])


def _table(title: str, made: Table, note: str) -> dict[str, Any]:
    return {"title": title, "headings": made[0], "rows": made[1], "note": note, "words": words_of(made)}


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, Mapping):
            return _plain(value)
        return None if isinstance(value, float) and not math.isfinite(value) else value

    return {key: plain(value) for key, value in values.items()}
