"""Made inputs in a folder: pictures, exact values, and a row for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

from isthmus._core.files import sha256, write_json
from isthmus._core.shapes import Inputs
from isthmus.reports.pictures import to_pixels
from isthmus.reports.sheet_figure import sheet_figure
from isthmus.reports.style import save_figure
from isthmus.results import RESULT, ResultFolder, claim

SCHEMA = "isthmus/made-inputs/1"  # docs/tables.md describes it
EXACT, SHEET, PICTURES = "inputs.safetensors", "sheet.png", "inputs"


@dataclass(frozen=True, kw_only=True)
class MadeInputs:
    """Inputs that were made, with what people call them.

    Attributes:
        x: the inputs (n, *input), in data units.
        rows: what is known of each; `files` are added.
        captions: one or two lines for each, on the sheet.
        title: headline of the sheet.
        command: the command that made them.
        description: how they were made, ready for JSON.
        sources: what each was made from.
        source_captions: likewise.
        skipped: inputs that could not be used, with the reason.
    """

    x: Inputs
    rows: Sequence[Mapping[str, Any]]
    captions: Sequence[str]
    title: str
    command: str = ""
    description: Mapping[str, Any] = field(default_factory=dict)
    sources: Inputs | None = None
    source_captions: Sequence[str] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)


def write_made_inputs(made: MadeInputs, folder: Path | ResultFolder, *, overwrite: bool = False) -> None:
    """Writes `inputs/NUMBER.png` (8 bits), `inputs.safetensors` (exact), `sheet.png` and `result.json`, all or nothing.

    Raises:
        OutputError: it cannot be written, or the folder holds something and `overwrite` is off.
    """
    with claim(folder, SCHEMA, overwrite=overwrite) as target, target.stage(dict(made.description)) as stage:
        _fill(made, stage)


def _fill(made: MadeInputs, stage: Path) -> None:
    from safetensors.torch import save_file

    (stage / PICTURES).mkdir()
    rows = []
    for number, row in enumerate(made.rows):
        name = f"{PICTURES}/{number:04d}.png"
        Image.fromarray(to_pixels(made.x[number])).save(stage / name, format="PNG")
        rows.append(dict(row) | {"file": name})
    tensors = {"x": made.x.contiguous()}
    if made.sources is not None:
        tensors["source"] = made.sources.contiguous()
    save_file(tensors, stage / EXACT)
    figure = sheet_figure(
        made.x, made.captions, sources=made.sources, source_captions=made.source_captions, title=made.title
    )
    save_figure(figure, stage / SHEET)
    result = {
        "schema": SCHEMA,
        "command": made.command,
        "rows": rows,
        "skipped": dict(made.skipped),
        "description": dict(made.description),
        "files": {"inputs": EXACT, "sheet": SHEET, "pictures": PICTURES, "inputs_sha256": sha256(stage / EXACT)},
    }
    write_json(stage / RESULT, result)
