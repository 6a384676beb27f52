"""A detector's verdicts in a folder: table, page, and the result last."""

from __future__ import annotations

from pathlib import Path

from isthmus._core.files import cannot_write, write_csv, write_json, write_text
from isthmus._core.versions import versions
from isthmus.reports.run import RESULT, check_folder
from isthmus.reports.scores_page import Scores, scores_page

SCHEMA = "isthmus/detection-scores/1"  # docs/tables.md describes it
COLUMNS = ("image", "predicted", "class", "score", "p_value", "verdict")


def write_scores(scores: Scores, folder: Path, *, command: str, fpr: float, overwrite: bool = False) -> None:
    """Writes `scores.csv`, `index.html` and, last, `result.json`.

    Raises:
        OutputError: it cannot be written, or the folder holds something and `overwrite` is off.
    """
    check_folder(folder, overwrite=overwrite)
    with cannot_write(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / RESULT).unlink(missing_ok=True)
    write_csv(folder / "scores.csv", COLUMNS, scores.rows)
    write_text(folder / "index.html", scores_page(scores))
    result = {
        "schema": SCHEMA,
        "command": command,
        "fpr": fpr,
        "flagged": scores.flagged,
        "rows": [dict(row) for row in scores.rows],
        "bands": {kind: band.tolist() for kind, band in scores.bands.items()},
        "skipped": dict(scores.skipped),
        "versions": versions(),
        "files": {"table": "scores.csv", "page": "index.html"},
    }
    write_json(folder / RESULT, result)
