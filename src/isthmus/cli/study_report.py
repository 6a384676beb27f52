"""From a study to what its report tells."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

from isthmus.cli.options import readable
from isthmus.connecting.loop import SLACK
from isthmus.reports import PaperSample, ShownPair, StudyReport, read_paper_samples
from isthmus.reports.study_page import group_label
from isthmus.studies import Study


def report_of(study: Study, *, paper: Path | None, pairs: bool, device: str) -> StudyReport:
    """Everything that the report of a study tells."""
    samples: list[PaperSample] = [] if paper is None else read_paper_samples(paper)
    results = study.results
    summary, plan = results.summary(), results.plan
    threshold = plan.config.connect.threshold
    code = plan.fingerprint["code"]
    made = {
        "command": readable(shlex.join(["isthmus", *sys.argv[1:]])),
        "seed": plan.config.seed,
        "method": plan.config.connect.method,
        **plan.provenance(),
        "versions": f"isthmus {code['isthmus']}, torch {code['torch']}, source {code['source'][:12]}",
    }
    return StudyReport(
        title=readable(study.config.title),
        summary=summary,
        planned=plan.pairs,
        shown=_shown(study, device) if pairs else (),
        paper=samples,
        notes=plan.notes,
        skipped=[
            (inputs, readable(name), readable(reason))
            for inputs, names in plan.skipped.items()
            for name, reason in names.items()
        ],
        config=plan.text,
        method=plan.config.connect.method,
        threshold=f"the higher loss of the two ends + {SLACK}" if threshold is None else f"{threshold:g}",
        unit=plan.unit,
        columns=results.extra,
        made=made,
    )


def _shown(study: Study, device: str) -> list[ShownPair]:
    picks = study.results.picks()
    solved = study.results.connections([pick.pair for pick in picks], device=device)
    return [
        ShownPair(
            number=pick.pair,
            connection=connection,
            names=(readable(row["a"]), readable(row["c"])),
            class_names=study.results.plan.class_names[pick.network],
            group=group_label(pick.network, pick.inputs, pick.kind),
            rank=pick.rank,
        )
        for pick, connection, row in zip(picks, solved, study.results.rows([pick.pair for pick in picks]), strict=True)
    ]
