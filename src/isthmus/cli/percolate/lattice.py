"""isthmus percolate lattice: thresholds of the hypercubic lattice, with errors."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from isthmus._core.bars import progress_bar
from isthmus.cli.options import at_least
from isthmus.cli.percolate.writing import claimed, write
from isthmus.errors import InputError


def lattice(
    *,
    dimensions: Annotated[list[int] | None, Parameter(consume_multiple=True)] = None,
    kinds: Annotated[list[Literal["site", "bond"]] | None, Parameter(consume_multiple=True)] = None,
    effort: float = 1.0,
    seed: int = 0,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("isthmus-percolation"),
    overwrite: bool = False,
) -> None:
    """Estimate the percolation thresholds of the hypercubic lattice, and show them beside the published ones.

    Parameters
    ----------
    dimensions
        1 to 13, by default 2 3 4.
    kinds
        What is open: site, bond, or both; by default site.
    effort
        How many times the usual number of runs; errors fall with its root.
    seed
        Of everything that is drawn.
    out
        Folder for the results; made if need be.
    overwrite
        Replace earlier results in that folder.
    """
    wanted = dimensions or [2, 3, 4]
    for dimension in wanted:
        if not 1 <= dimension <= 13:
            raise InputError(f"--dimensions must be 1 to 13, got {dimension}.")
    if not (math.isfinite(effort) and effort > 0):
        raise InputError(f"--effort must be a number greater than 0, got {effort:g}.")
    at_least("--seed", seed, 0)
    folder = claimed(out, overwrite=overwrite)

    from isthmus.findings.percolation import threshold_findings, threshold_row
    from isthmus.percolation import threshold

    found = []
    opened = kinds or ["site"]
    for kind in sorted(set(opened), key=opened.index):
        for dimension in dict.fromkeys(wanted):
            with progress_bar(f"{kind}s, d = {dimension}", "runs") as on_progress:
                found.append(threshold(dimension, kind=kind, effort=effort, seed=seed, progress=on_progress))
    about = f"Hypercubic lattices, {min(wanted)} to {max(wanted)} dimensions, {' and '.join(opened)} percolation"
    write(
        threshold_findings(found, about),
        folder,
        "lattice",
        description={"dimensions": wanted, "kinds": opened, "effort": effort, "seed": seed},
        more={"thresholds": [threshold_row(each) for each in found]},
    )
