"""isthmus percolate conjecture: open sites of lattices, connected and straight or not, as the dimension grows."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from isthmus.cli.options import at_least
from isthmus.cli.percolate.writing import claimed, write
from isthmus.cli.terminal import stage_progress
from isthmus.errors import InputError


def conjecture(
    *,
    dimensions: Annotated[list[int] | None, Parameter(consume_multiple=True)] = None,
    shares: Annotated[list[float] | None, Parameter(consume_multiple=True)] = None,
    sites: int = 300_000,
    sweeps: int = 4,
    pairs: int = 200,
    seed: int = 0,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("isthmus-percolation"),
    overwrite: bool = False,
) -> None:
    """Ask on lattices what the conjecture says of inputs: are two open sites connected as the dimension grows?

    Parameters
    ----------
    dimensions
        1 to 13, by default 1 to 11.
    shares
        Shares of open sites, by default 0.05 0.1 0.2 0.3 0.5.
    sites
        Of each lattice at most, as far as a side of 3 allows.
    sweeps
        Lattices of each dimension.
    pairs
        Of sites between which the shortest open way is looked for.
    seed
        Of everything that is drawn.
    out
        Folder for the results; made if need be.
    overwrite
        Replace earlier results in that folder.
    """
    wanted = sorted(set(dimensions or range(1, 12)))
    given = shares or [0.05, 0.1, 0.2, 0.3, 0.5]
    if min(wanted) < 1 or max(wanted) > 13:
        raise InputError(f"--dimensions must be 1 to 13, got {wanted}.")
    if not all(0 < share < 1 for share in given):
        raise InputError(f"--shares must lie between 0 and 1, got {given}.")
    for name, value, least in (
        ("--sites", sites, 100),
        ("--sweeps", sweeps, 2),
        ("--pairs", pairs, 2),
        ("--seed", seed, 0),
    ):
        at_least(name, value, least)
    folder = claimed(out, overwrite=overwrite)

    from isthmus.findings.percolation import conjecture as run
    from isthmus.findings.percolation import conjecture_findings

    with stage_progress() as tell:
        connected, straight = run(wanted, given, sites=sites, sweeps=sweeps, pairs=pairs, seed=seed, tell=tell)
    write(
        conjecture_findings(connected, straight, f"Independent sites, lattices of about {sites:,} sites at most"),
        folder,
        "conjecture",
        description={
            "dimensions": wanted,
            "shares": given,
            "sites": sites,
            "sweeps": sweeps,
            "pairs": pairs,
            "seed": seed,
        },
        more={},
    )
