"""A study's report in a folder: the page, the barriers figure, and the classes as a table."""

from __future__ import annotations

import csv
import io
from functools import partial
from pathlib import Path

from isthmus._core.files import cannot_write, write_text, write_whole
from isthmus.errors import OutputError
from isthmus.reports.barriers_figure import barriers_figure
from isthmus.reports.study_page import StudyReport, study_page
from isthmus.reports.style import save_figure

PAGE, FIGURE, CLASSES = "index.html", "barriers", "classes.csv"
FILES = frozenset({PAGE, f"{FIGURE}.png", f"{FIGURE}.svg", CLASSES})


def check_report_folder(folder: Path) -> None:
    """Whether a report may be written there: into an empty folder, or in the place of an earlier report.

    Raises:
        OutputError: the folder holds something else.
    """
    with cannot_write(folder):
        if folder.exists() and not folder.is_dir():
            raise OutputError(f"{folder} is a file; choose a folder.")
        others = [entry.name for entry in folder.iterdir() if entry.name not in FILES] if folder.is_dir() else []
        if others:
            raise OutputError(f"{folder} holds other things ({others[0]}); choose an empty folder for the report.")


def write_study_report(report: StudyReport, folder: Path) -> None:
    """Writes `index.html`, `barriers.png`, `barriers.svg` and `classes.csv`, each whole, the page last.

    Raises:
        OutputError: it cannot be written, or the folder holds other things.
    """
    check_report_folder(folder)
    with cannot_write(folder):
        folder.mkdir(parents=True, exist_ok=True)
    note = f"{report.title}. Boxes: quartiles and median; whiskers: 5 and 95 %"
    figure = barriers_figure(report.summary.groups, paper=report.paper, unit=report.unit, note=note)
    for ending in ("png", "svg"):
        write_whole(folder / f"{FIGURE}.{ending}", partial(save_figure, figure))
    write_text(folder / CLASSES, _classes(report))
    write_text(folder / PAGE, study_page(report))


def _classes(report: StudyReport) -> str:
    """Every class of every group, a line each."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    shares = ("connected_directly", "connected", "class_connected")
    medians = ("direct_gap", "gap", "direct_max_loss", "max_loss")
    head = ["network", "images", "kind", "target", "target_name", "pairs", "not_finite", "unreadable", "not_made"]
    for name in shares:
        head += [name, f"{name}_low", f"{name}_high"]
    for name in medians:
        head += [f"median_{name}", f"median_{name}_low", f"median_{name}_high"]
    writer.writerow([*head, "deviation", "cost"])
    for group in report.summary.classes:
        line: list[object] = [group.network, group.images, group.kind, group.target, group.target_name]
        line += [group.pairs, group.not_finite, group.unreadable, group.not_made]
        for estimate in (*(getattr(group, name) for name in shares), *(group.medians[name] for name in medians)):
            line += [f"{value:.6g}" for value in (estimate.value, estimate.low, estimate.high)]
        writer.writerow([*line, f"{group.deviation.value:.6g}", f"{group.cost:.6g}"])
    return stream.getvalue()
