"""A study's report in a folder: the page, the barriers figure, and the classes as a table."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from isthmus._core.files import write_json, write_text
from isthmus.reports.barriers_figure import barriers_figure
from isthmus.reports.study_page import StudyReport, study_page
from isthmus.reports.style import save_figure
from isthmus.results import RESULT, ResultFolder, claim

PAGE, FIGURE, CLASSES = "index.html", "barriers", "classes.csv"
SCHEMA = "isthmus/study-report/1"


def write_study_report(report: StudyReport, folder: Path | ResultFolder) -> None:
    """Writes `index.html`, `barriers.png`, `barriers.svg`, `classes.csv` and `result.json`, all or nothing. An earlier
    report there is replaced.

    Raises:
        OutputError: it cannot be written, or the folder holds other things.
    """
    note = f"{report.title}. Boxes: quartiles and median; whiskers: 5 and 95 %"
    with claim(folder, SCHEMA, overwrite=True, parts=[f"{FIGURE}.png"]) as target, target.stage() as stage:
        figure = barriers_figure(report.summary.groups, paper=report.paper, unit=report.unit, note=note)
        for ending in ("png", "svg"):
            save_figure(figure, stage / f"{FIGURE}.{ending}")
        write_text(stage / CLASSES, _classes(report))
        write_text(stage / PAGE, study_page(report))
        files = {"page": PAGE, "figure": f"{FIGURE}.png", "classes": CLASSES}
        write_json(stage / RESULT, {"schema": SCHEMA, "title": report.title, "made": dict(report.made), "files": files})


def _classes(report: StudyReport) -> str:
    """Every class of every group, a line each."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    shares = ("connected_directly", "connected", "class_connected")
    medians = ("direct_gap", "gap", "direct_max_loss", "max_loss")
    head = ["network", "inputs", "kind", "target", "target_name", "pairs", "not_finite", "unreadable", "not_made"]
    for name in shares:
        head += [name, f"{name}_low", f"{name}_high"]
    for name in medians:
        head += [f"median_{name}", f"median_{name}_low", f"median_{name}_high"]
    writer.writerow([*head, "deviation", "cost"])
    for group in report.summary.classes:
        line: list[object] = [group.network, group.inputs, group.kind, group.target, group.target_name]
        line += [group.pairs, group.not_finite, group.unreadable, group.not_made]
        for estimate in (*(getattr(group, name) for name in shares), *(group.medians[name] for name in medians)):
            line += [f"{value:.6g}" for value in (estimate.value, estimate.low, estimate.high)]
        writer.writerow([*line, f"{group.deviation.value:.6g}", f"{group.cost:.6g}"])
    return stream.getvalue()
