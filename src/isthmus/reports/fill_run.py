"""A folder of surfaces: results, figures and page, together and whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from isthmus._core.files import write_json, write_text
from isthmus.reports import style
from isthmus.reports.fill_page import fill_page
from isthmus.reports.filling_figure import filling_figure
from isthmus.reports.making import how_made
from isthmus.results import RESULT, ResultFolder, claim
from isthmus.surfaces import Fillings
from isthmus.surfaces.fillings import SCHEMA, TABLE, TENSORS

PAGE = "index.html"


@dataclass(frozen=True, kw_only=True)
class FillRun:
    """Surfaces with what people call the things in them.

    Attributes:
        found: the surfaces.
        names: what the four corners of each are called.
        class_names: names of the classes.
        title: headline of the page.
        command: the command that made the run.
        skipped: inputs that could not be used, with the reason.
        notes: what a reader should know.
        pictures: figures are drawn for the first so many surfaces.
    """

    found: Fillings
    names: Sequence[Sequence[str]]
    class_names: Sequence[str] | None = None
    title: str = "Filled surfaces"
    command: str = ""
    skipped: dict[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    pictures: int = 20

    def summary(self) -> dict[str, Any]:
        """The surfaces in numbers."""
        costs = [each.forward_equivalents for each in self.found]
        return {
            "loops": len(self.found),
            "flat": sum(each.surface.flat and each.filled for each in self.found),
            "filled": sum(each.filled for each in self.found),
            "proven": sum(each.proven for each in self.found),
            "class_kept": sum(each.class_kept for each in self.found),
            "median_forward_equivalents": float(np.median(costs)) if costs else None,
            "outcomes": {
                name: sum(each.outcome.name.lower() == name for each in self.found)
                for name in sorted({each.outcome.name.lower() for each in self.found})
            },
        }


def write_fillings(
    run: FillRun, folder: Path | ResultFolder, *, overwrite: bool = False, on_figure: Callable[[], None] | None = None
) -> dict[str, Any]:
    """Writes everything, whole or not at all, and returns the summary.

    Files: `result.json`, `surfaces.parquet`, `surfaces.safetensors`, `manifest.json`, `index.html`, and
    `surfaces/NUMBER.png` and `.svg`.

    Raises:
        OutputError: it cannot be written, or is not empty.
    """
    found = run.found
    made = how_made(found.description, inputs=" ".join(run.notes), command=run.command)
    summary = run.summary()
    with claim(folder, SCHEMA, overwrite=overwrite) as target, target.stage(found.description) as stage:
        found.save(stage)
        html = fill_page(
            found, names=run.names, class_names=run.class_names, title=run.title, made=made, skipped=run.skipped
        )
        write_text(stage / PAGE, html)
        (stage / "surfaces").mkdir()
        unit = str(found.description.get("unit", "loss"))
        for number, each in enumerate(found[: run.pictures]):
            note = f"{run.title}, loop {number}: {style.class_name(each.target, run.class_names)}"
            figure = filling_figure(each, unit=unit, note=note)
            for kind in ("png", "svg"):
                style.save_figure(figure, stage / "surfaces" / f"{number}.{kind}")
            if on_figure is not None:
                on_figure()
        result = {
            "schema": SCHEMA,
            "command": run.command,
            "summary": summary,
            "rows": found.table().to_pylist(),
            "corners": [list(each) for each in run.names],
            "skipped": run.skipped,
            "notes": list(run.notes),
            "description": found.description,
            "files": {"table": TABLE, "surfaces": TENSORS, "page": PAGE, "figures": "surfaces"},
        }
        write_json(stage / RESULT, result)
    return summary
