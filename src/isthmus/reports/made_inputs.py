"""Made inputs in a folder: pictures, exact values, and a row for each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

from isthmus._core.files import cannot_write, sha256, write_json, write_whole
from isthmus._core.shapes import Inputs
from isthmus.reports.pictures import to_pixels
from isthmus.reports.run import RESULT, check_folder
from isthmus.reports.sheet_figure import sheet_figure
from isthmus.reports.style import save_figure

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


def write_made_inputs(made: MadeInputs, folder: Path, *, overwrite: bool = False) -> None:
    """Writes `inputs/NUMBER.png` (8 bits), `inputs.safetensors` (exact), `sheet.png` and, last, `result.json`.

    Raises:
        OutputError: it cannot be written, or the folder holds something and `overwrite` is off.
    """
    from safetensors.torch import save_file

    check_folder(folder, overwrite=overwrite)
    with cannot_write(folder):
        (folder / PICTURES).mkdir(parents=True, exist_ok=True)
        (folder / RESULT).unlink(missing_ok=True)
    rows = []
    for number, row in enumerate(made.rows):
        name = f"{PICTURES}/{number:04d}.png"
        write_whole(folder / name, partial(Image.fromarray(to_pixels(made.x[number])).save, format="PNG"))
        rows.append(dict(row) | {"file": name})
    tensors = {"x": made.x.contiguous()}
    if made.sources is not None:
        tensors["source"] = made.sources.contiguous()
    write_whole(folder / EXACT, lambda file: save_file(tensors, file))
    figure = sheet_figure(
        made.x, made.captions, sources=made.sources, source_captions=made.source_captions, title=made.title
    )
    write_whole(folder / SHEET, partial(save_figure, figure))
    result = {
        "schema": SCHEMA,
        "command": made.command,
        "rows": rows,
        "skipped": dict(made.skipped),
        "description": dict(made.description),
        "files": {"inputs": EXACT, "sheet": SHEET, "pictures": PICTURES, "inputs_sha256": sha256(folder / EXACT)},
    }
    write_json(folder / RESULT, result)
