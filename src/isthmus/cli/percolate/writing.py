"""What the commands of percolation have in common: how their findings are written."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.cli.options import readable
from isthmus.cli.terminal import say_findings

if TYPE_CHECKING:
    from isthmus.experiments import Findings

SCHEMA = "isthmus/percolation/1"  # docs/tables.md describes it


def check(out: Path, *, overwrite: bool) -> None:
    """Whether results may be written there, before any work is spent."""
    from isthmus.experiments.running import check_experiment_folder

    check_experiment_folder(out, resume=False, overwrite=overwrite, schema=SCHEMA, parts=())


def write(
    findings: Findings,
    out: Path,
    name: str,
    *,
    device: str = "cpu",
    description: Mapping[str, Any],
    more: Mapping[str, Any],
) -> None:
    """Writes figure, tables, page and result, and says what was found."""
    from isthmus.experiments import write_findings

    write_findings(
        findings,
        out,
        name=f"percolation {name}",
        command=readable(shlex.join(["isthmus", *sys.argv[1:]])),
        study=None,
        device=device,
        schema=SCHEMA,
        description=description,
        more=more,
    )
    say_findings(findings)
    print(f"Look at it: {out / 'index.html'}")
