"""A run's folder: results, pictures and the page, together and whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from isthmus._core.files import sha256, write_json, write_text
from isthmus.connecting.connection import Connection
from isthmus.connecting.connections import PATHS, SCHEMA, TABLE, Connections
from isthmus.reports.making import how_made
from isthmus.reports.page import page
from isthmus.reports.profile_figure import profile_figure
from isthmus.reports.strip_figure import strip_figure
from isthmus.reports.style import class_name, save_figure
from isthmus.reports.summary import summarize
from isthmus.results import RESULT, ResultFolder, claim

if TYPE_CHECKING:
    import pyarrow

PAGE = "index.html"


@dataclass(frozen=True, kw_only=True)
class Run:
    """Connections with what people call the things in them.

    Attributes:
        connections: what was found.
        names: what the two ends of each pair are called.
        class_names: names of the classes.
        title: headline of the page.
        command: the command that made the run.
        skipped: inputs that could not be used, with the reason.
        notes: what a reader should know, such as how many inputs were recognised.
        pictures: figures are drawn for the first so many pairs.
    """

    connections: Connections
    names: Sequence[tuple[str, str]]
    class_names: Sequence[str] | None = None
    title: str = "Connected inputs"
    command: str = ""
    skipped: dict[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    pictures: int = 5

    def table(self) -> pyarrow.Table:
        """The table of the connections, with names of ends and classes."""
        table = self.connections.table()
        if not len(table):
            return table
        classes = [class_name(target, self.class_names) for target in table["target"].to_pylist()]
        table = table.add_column(1, "a", [[a for a, _ in self.names]])
        table = table.add_column(2, "c", [[c for _, c in self.names]])
        return table.add_column(4, "target_name", [classes])


def write_run(
    run: Run, folder: Path | ResultFolder, *, overwrite: bool = False, on_pair: Callable[[], None] | None = None
) -> None:
    """Writes everything, whole or not at all.

    Files: `result.json`, `table.parquet`, `paths.safetensors`, `manifest.json`, `index.html`, and `profile.png`,
    `profile.svg` and `strip.png`, in the folder itself for a single pair and in `pairs/NUMBER/` for several.

    Args:
        run: what to write.
        folder: made if need be; must be empty or absent.
        overwrite: replace an earlier run's files in it; other files there are left alone.
        on_pair: called after each pair's pictures.

    Raises:
        OutputError: it cannot be written, or is not empty.
        KeyboardInterrupt: Ctrl-C while figures were drawn; everything else has been written then.
    """
    described = run.connections.described
    with claim(folder, SCHEMA, overwrite=overwrite) as target, target.stage(described) as stage:
        drawn = _fill(run, stage, on_pair)
    if drawn < min(run.pictures, len(run.connections)):
        raise KeyboardInterrupt(
            f"interrupted while drawing: all results are in {target.path}, with {drawn} pairs' figures"
        )


def _fill(run: Run, stage: Path, on_pair: Callable[[], None] | None) -> int:
    """Writes all files of a run, and returns for how many pairs figures were drawn before Ctrl-C, if that came."""
    connections = run.connections
    table = run.table()
    connections.save(stage, table=table)
    unit = str(connections.description.get("unit", "loss"))
    aside = f"{len(run.skipped)} inputs or pairs were set aside; result.json says why."
    made = how_made(
        connections.description,
        inputs=" ".join([*run.notes, aside] if run.skipped else run.notes),
        command=run.command,
        **{"table SHA-256": sha256(stage / TABLE)},
    )
    html = page(connections, names=run.names, class_names=run.class_names, unit=unit, title=run.title, made=made)
    write_text(stage / PAGE, html)
    note = run.title
    drawn = 0
    with suppress(KeyboardInterrupt):
        for number, pair in enumerate(connections[: run.pictures]):
            _draw(run, pair, stage if len(connections) == 1 else stage / "pairs" / str(number), unit, note)
            drawn = number + 1
            if on_pair is not None:
                on_pair()
    result = {
        "schema": SCHEMA,
        "command": run.command,
        "summary": summarize(connections).describe(),
        "rows": table.to_pylist(),
        "skipped": run.skipped,
        "notes": list(run.notes),
        "description": connections.description,
        "files": {"table": TABLE, "paths": PATHS, "page": PAGE, "pictures": "pairs" if len(connections) > 1 else "."},
    }
    write_json(stage / RESULT, result)
    return drawn


def _draw(run: Run, pair: Connection, place: Path, unit: str, note: str) -> None:
    place.mkdir(parents=True, exist_ok=True)
    figure = profile_figure(pair, class_names=run.class_names, unit=unit, note=note)
    save_figure(figure, place / "profile.png")
    save_figure(figure, place / "profile.svg")
    save_figure(strip_figure(pair, class_names=run.class_names), place / "strip.png")
