"""A detector's verdicts in a folder: table, page, and the result last."""

from __future__ import annotations

from pathlib import Path

from isthmus._core.files import write_csv, write_json, write_text
from isthmus._core.versions import versions
from isthmus.reports.scores_page import Scores, scores_page
from isthmus.results import RESULT, ResultFolder, claim

SCHEMA = "isthmus/detection-scores/1"  # docs/tables.md describes it
COLUMNS = ("input", "predicted", "class", "score", "p_value", "verdict")


def write_scores(
    scores: Scores, folder: Path | ResultFolder, *, command: str, fpr: float, overwrite: bool = False
) -> None:
    """Writes `scores.csv`, `index.html` and `result.json`, all or nothing.

    Raises:
        OutputError: it cannot be written, or the folder holds something and `overwrite` is off.
    """
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
    with claim(folder, SCHEMA, overwrite=overwrite) as target, target.stage() as stage:
        write_csv(stage / "scores.csv", COLUMNS, scores.rows)
        write_text(stage / "index.html", scores_page(scores))
        write_json(stage / RESULT, result)
