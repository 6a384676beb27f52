"""What the commands of percolation have in common: how their findings are written."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus.cli import options
from isthmus.cli.options import readable
from isthmus.cli.terminal import say_findings

if TYPE_CHECKING:
    from isthmus.findings import Findings
    from isthmus.results import ResultFolder

SCHEMA = "isthmus/percolation/1"  # docs/tables.md describes it


def claimed(out: Path, *, overwrite: bool) -> ResultFolder:
    """The folder for the results."""
    return options.claimed(out, SCHEMA, overwrite=overwrite)


def write(
    findings: Findings,
    folder: ResultFolder,
    name: str,
    *,
    device: str = "cpu",
    description: Mapping[str, Any],
    more: Mapping[str, Any],
) -> None:
    """Writes figure, tables, page and result, and says what was found."""
    from isthmus.findings import write_findings

    write_findings(
        findings,
        folder,
        name=f"percolation {name}",
        command=readable(shlex.join(["isthmus", *sys.argv[1:]])),
        study=None,
        device=device,
        schema=SCHEMA,
        description=description,
        more=more,
    )
    say_findings(findings)
    print(f"Look at it: {folder / 'index.html'}")
