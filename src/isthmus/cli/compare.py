"""isthmus compare: the same pairs in several runs."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from isthmus.cli.options import NetworkOptions, claimed, landscape_of, readable
from isthmus.errors import InputError

if TYPE_CHECKING:
    from isthmus import AbstractLandscape, Comparison, Landscape
    from isthmus.reports.comparison_tables import Table as Texts

SCHEMA = "isthmus/comparison/1"


def compare(
    runs: Annotated[list[Path], Parameter(consume_multiple=True)],
    /,
    *,
    name: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    on: Annotated[list[str] | None, Parameter(consume_multiple=True)] = None,
    kind: str | None = None,
    inputs: Annotated[str | None, Parameter(name=["--inputs", "--images"])] = None,
    device: str = "auto",
    seed: int = 0,
    out: Annotated[Path, Parameter(name=["--out", "-o"])] = Path("isthmus-comparison"),
    overwrite: bool = False,
) -> None:
    """Compare runs on the pairs that all of them have: several networks, several methods, other settings.

    Writes index.html, comparison.png and .svg, table.parquet and result.json.

    Parameters
    ----------
    runs
        Folders of isthmus connect, or of studies; the networks of a study are runs of their own.
    name
        What the runs are called, in their order.
    on
        The network of each run, as SPEC or SPEC,WEIGHTS: the paths of every run are looked at on all of them. Networks
        with settings of their own (--mean, --loss, ...) are compared in Python.
    kind
        Of studies: the kind of pairs; must be said where there are several, whose shares mean different things.
    inputs
        Of studies: the collection, likewise.
    device
        auto (a CUDA device where there is one), cpu, cuda, cuda:1.
    seed
        Seed of the intervals.
    out
        Folder for the results; made if need be.
    overwrite
        Replace an earlier comparison in that folder.
    """
    folder = claimed(out, SCHEMA, overwrite=overwrite)

    from isthmus.reports.comparison_run import write_comparison

    studies = [path for path in runs if (path / "study.toml").is_file()]
    if studies and (len(studies) < len(runs) or on):
        raise InputError("Give folders of studies alone, or of isthmus connect alone; --on goes with the latter.")
    found = _of_studies(studies, name, seed, kind, inputs) if studies else _of_runs(runs, name, on, device, seed)
    write_comparison(found, folder, command=readable(shlex.join(["isthmus", *sys.argv[1:]])))
    _show(found)
    print(f"Look at it: {out / 'index.html'}")


def _of_runs(runs: list[Path], names: list[str] | None, on: list[str] | None, device: str, seed: int) -> Comparison:
    import isthmus
    from isthmus._core.bars import progress_bar

    landscapes: list[AbstractLandscape] | None = None
    if on is not None:
        if len(on) != len(runs):
            raise InputError(f"--on must name the network of each of {len(runs)} runs, got {len(on)}.")
        landscapes = [landscape_named(text, device) for text in on]
    with progress_bar("looking at paths on other networks", "paths") as tell:
        return isthmus.compare(*runs, names=names, landscapes=landscapes, seed=seed, progress=tell)


def landscape_named(text: str, device: str) -> Landscape:
    """The landscape on the network SPEC, or SPEC,WEIGHTS."""
    spec, _, weights = text.partition(",")
    return landscape_of(NetworkOptions(network=spec, weights=Path(weights) if weights else None, device=device))


def _of_studies(
    folders: list[Path], names: list[str] | None, seed: int, kind: str | None, inputs: str | None
) -> Comparison:
    from isthmus.comparing import Comparison, runs_of_study
    from isthmus.comparing.rows import matched, under
    from isthmus.studies import Study

    labels = [folder.name for folder in folders]
    if len(set(labels)) < len(labels):
        labels = [str(folder) for folder in folders]
    if len(set(labels)) < len(labels):
        raise InputError(f"A study is given twice: {max(labels, key=labels.count)}.")
    runs = []
    for folder, label in zip(folders, labels, strict=True):
        results = Study(folder).results
        prefix = f"{label}: " if len(folders) > 1 else ""
        rows = results.table().to_pylist()
        runs += runs_of_study(rows, results.plan.units, kind=kind, inputs=inputs, prefix=prefix)
    if names is not None:
        runs = under(runs, names)
    if len(runs) < 2:
        raise InputError(f"A comparison needs at least two networks or studies, got {len(runs)}.")
    return Comparison(runs=tuple(runs), places=tuple(map(tuple, matched(runs))), seed=seed)


def _narrow(table: Texts) -> Texts:
    """The statistic beside the measure, and names without their library, where it is the same."""
    headings, rows = table
    of = headings.index("of pairs")
    pair = headings[of + 1 : of + 3]
    (library, _, one), (other_library, _, other) = (name.rpartition(":") for name in pair)
    named = (one, other) if library == other_library else pair
    short = (*headings[: of + 1], *named, *headings[of + 3 :])
    return short, [(f"{row[0]}, {row[of]}", *row[1:]) for row in rows]


def _show(found: Comparison) -> None:
    from rich import box
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from isthmus.reports.comparison_tables import compared, remarks, transferred, words_of
    from isthmus.reports.style import shorten

    console = Console(highlight=False)
    alone = ", ".join(f"{count:,} more in {name}" for name, count in found.left_out.items() if count)
    more = f" ({alone}, which are not compared)" if alone else ""
    several = "both" if len(found.runs) == 2 else f"all {len(found.runs)}"
    console.print(escape(readable(f"{len(found):,} pairs are in {several} runs{more}.")))
    wide = console.width >= 120  # what a narrow terminal leaves out is on the page
    first = (0, 2, 3, 4) if len(found.runs) == 2 else (0, 1, 3, 4, 5)
    both = [
        (compared(found), ()) if wide else (_narrow(compared(found)), first),
        *([(transferred(found), (0, 1, 2, 3, 4))] if found.transfer else []),
    ]
    for (headings, rows), few in both:
        kept = range(len(headings)) if wide else few
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for place in kept:
            side: Literal["left", "right"] = "left" if place < words_of((headings, rows)) else "right"
            table.add_column(escape(shorten(readable(headings[place]), 24)), justify=side, overflow="fold")
        for row in rows:
            table.add_row(*(escape(shorten(readable(row[place]), 44)) for place in kept))
        console.print(table)
    for note in remarks(found):
        console.print(escape(readable(note)))
