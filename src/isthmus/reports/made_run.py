"""Writing made inputs: pictures, exact values, and a row for each."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from isthmus._core.files import sha256, write_json, write_text
from isthmus._core.shapes import Input
from isthmus.errors import InputError
from isthmus.inputs.kinds import InputKind, kind_for
from isthmus.reports.made_inputs import MadeInputs
from isthmus.reports.made_page import made_page
from isthmus.reports.sheet_figure import sheet_figure
from isthmus.reports.style import save_figure
from isthmus.results import RESULT, ResultFolder, claim

SCHEMA = "isthmus/made-inputs/1"  # docs/tables.md describes it
EXACT, SHEET, PAGE, PICTURES = "inputs.safetensors", "sheet.png", "index.html", "inputs"


def write_made_inputs(made: MadeInputs, folder: Path | ResultFolder, *, overwrite: bool = False) -> None:
    """Writes `inputs/NUMBER.png` (8 bits), or what else files of the kind are, `inputs.safetensors`
    (exact), `index.html`, `sheet.png` and `result.json`, all or nothing.

    Raises:
        OutputError: it cannot be written, or the folder holds something and `overwrite` is off.
    """
    with claim(folder, SCHEMA, overwrite=overwrite) as target, target.stage(dict(made.description)) as stage:
        _fill(made, stage)


def _fill(made: MadeInputs, stage: Path) -> None:
    from safetensors.torch import save_file

    (stage / PICTURES).mkdir()
    rows, kind = [], kind_for(made.input_kind, tuple(made.x.shape[1:]))
    for number, row in enumerate(made.rows):
        file = _written(kind, made.x[number], stage / PICTURES / f"{number:04d}")
        rows.append(dict(row) | {"file": f"{PICTURES}/{file.name}"})
    tensors = {"x": made.x.contiguous()}
    if made.sources is not None:
        tensors["source"] = made.sources.contiguous()
    save_file(tensors, stage / EXACT)
    figure = sheet_figure(
        made.x,
        made.captions,
        sources=made.sources,
        source_captions=made.source_captions,
        title=made.title,
        input_kind=made.input_kind,
    )
    save_figure(figure, stage / SHEET)
    write_text(stage / PAGE, made_page(made))
    result = {
        "schema": SCHEMA,
        "command": made.command,
        "rows": rows,
        "skipped": dict(made.skipped),
        "description": dict(made.description),
        "files": {
            "inputs": EXACT,
            "sheet": SHEET,
            "page": PAGE,
            "pictures": PICTURES,
            "inputs_sha256": sha256(stage / EXACT),
        },
    }
    write_json(stage / RESULT, result)


def _written(kind: InputKind, x: Input, file: Path) -> Path:
    """The input in the format of its kind; of one that has none, its picture."""
    try:
        return kind.write(x, file)
    except InputError:
        Image.fromarray(kind.pixels(x)).save(file.with_suffix(".png"), format="PNG")
        return file.with_suffix(".png")
