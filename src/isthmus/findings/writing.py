"""An experiment's folder: figure, tables, result.json and the page, each whole, the result last."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from isthmus._core.files import write_csv, write_json, write_text
from isthmus._core.versions import versions, versions_in_words
from isthmus.charts import drawn, in_page
from isthmus.findings.findings import Findings
from isthmus.reports.rendering import facts_of, render
from isthmus.reports.style import save_figure
from isthmus.results import RESULT, ResultFolder, claim
from isthmus.studies import Study

PAGE, FIGURE = "index.html", "figure"
STUDY, NETWORKS = "study", "networks"  # folders beside the result of an experiment
SCHEMA = "isthmus/paper-result/1"  # docs/tables.md describes it


def write_findings(
    findings: Findings,
    folder: Path | ResultFolder,
    *,
    name: str,
    command: str,
    study: Study | None,
    device: str,
    schema: str = SCHEMA,
    description: Mapping[str, Any] | None = None,
    more: Mapping[str, Any] | None = None,
    parts: Sequence[str] = (STUDY, NETWORKS),
) -> None:
    """Writes `figure.png`, `figure.svg`, a CSV file for every table, `index.html` and `result.json`, all or nothing.

    Args:
        findings: what to write.
        folder: where to; files of these names are replaced.
        name: of the experiment.
        command: that made it.
        study: whose rows the findings are read off.
        device: where networks were evaluated.
        schema: of `result.json`.
        description: of network and settings, ready for JSON; by default the study's.
        more: further entries of `result.json`.
        parts: folders that an unfinished run has left.

    Raises:
        OutputError: it cannot be written.
    """
    plan = None if study is None else study.plan()
    described = description if description is not None else {} if plan is None else plan.fingerprint
    made = {
        "command": command,
        **(facts_of(described) if plan is None else plan.provenance()),
        **({} if plan is None or "seed" not in described else {"seed": described["seed"]}),
        "device": device,
        "versions": versions_in_words(),
    }
    notes = [*findings.notes, *(() if plan is None else plan.notes)]
    result = {
        "schema": schema,
        "experiment": name,
        "command": command,
        "title": findings.title,
        "claim": findings.claim,
        "source": findings.source,
        "about": findings.about,
        "found": list(findings.found),
        "agrees": list(findings.agrees),
        "differs": list(findings.differs),
        "notes": notes,
        "tables": {table.name: table.plain_rows() for table in findings.tables},
        "description": described,
        "versions": versions(),
        "files": {
            "page": PAGE,
            "figure": f"{FIGURE}.png",
            "tables": [f"{table.name}.csv" for table in findings.tables],
            "study": None if study is None else STUDY,
        },
        **(more or {}),
    }
    with claim(folder, schema, overwrite=True, parts=parts) as target, target.stage(dict(described)) as stage:
        figure = drawn(findings.chart)
        for ending in ("png", "svg"):
            save_figure(figure, stage / f"{FIGURE}.{ending}")
        for table in findings.tables:
            rows = table.plain_rows()
            columns = list(dict.fromkeys(key for row in rows for key in row))
            write_csv(stage / f"{table.name}.csv", columns, rows)
        write_text(stage / PAGE, _page(findings, made, notes, plan is not None))
        write_json(stage / RESULT, result)


def _page(findings: Findings, made: Mapping[str, Any], notes: Sequence[str], study: bool) -> str:
    return render(
        "paper.html",
        ("common.js", "axes.js", "charts.js"),
        {"charts": [in_page(findings.chart)]},
        title=findings.title,
        claim=findings.claim,
        source=findings.source,
        about=findings.about,
        found=findings.found,
        agrees=findings.agrees,
        differs=findings.differs,
        caption=findings.caption,
        tables=[
            {
                "title": table.title,
                "headings": [heading for heading in table.columns.values() if heading is not None],
                "rows": table.shown(),
                "words": table.words(),
                "note": table.note,
                "file": f"{table.name}.csv",
            }
            for table in findings.tables
            if any(heading is not None for heading in table.columns.values())
        ],
        notes=notes,
        study=study,
        made=made,
    )
