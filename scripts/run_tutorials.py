"""Runs the pages of docs that are notebooks written as text, and puts what their cells give into its places below them.

    python scripts/run_tutorials.py [PAGE ...]

Below a cell may stand: a block of text (what it prints, or its last value), a line that includes a file of docs/outputs
(its last value as a notebook displays it; it stands in a comment, which the file ends and begins again, so that a forge
shows nothing where it could not show the display), an image of docs/images (its figure). Needs nbclient and ipykernel.
"""

from __future__ import annotations

import base64
import re
import sys
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[1] / "docs"
PAGES = [DOCS / "tutorial.md", DOCS / "gallery.md"]
CELL = re.compile(r"```python\n(?P<code>.*?)```\n(?P<below>.*?)(?=```python\n|\Z)", re.DOTALL)
TEXT = re.compile(r"```text\n(.*?)```", re.DOTALL)
DISPLAY = re.compile(r'^--8<-- "(outputs/\S+\.html)"$', re.MULTILINE)
FIGURE = re.compile(r"^!\[.*\]\((images/\S+\.png)\)$", re.MULTILINE)
BEFORE = """
import matplotlib_inline
from isthmus._core.bars import only_when_asked
matplotlib_inline.backend_inline.set_matplotlib_formats("png", dpi=110)
only_when_asked()  # whether a bar appears depends on the machine
"""


@dataclass(frozen=True)
class Given:
    """What a cell gave: text, HTML, the bytes of a figure; empty where there is none of it."""

    text: str
    html: str
    figure: bytes


def cells(page: str) -> list[tuple[str, str]]:
    """Code, and the words below it, up to the next cell."""
    return [(found["code"], found["below"]) for found in CELL.finditer(page)]


def run(codes: list[str], folder: Path) -> list[Given]:
    """What cells give, when they are run one after the other in a folder as in a notebook.

    Raises:
        nbclient.exceptions.CellExecutionError: one of them failed.
    """
    import nbclient
    import nbformat

    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in [BEFORE, *codes]])
    nbclient.NotebookClient(notebook, timeout=240, resources={"metadata": {"path": str(folder)}}).execute()
    return [_given(cell.outputs) for cell in notebook.cells[1:]]


def _given(outputs: list[dict]) -> Given:
    shown = [output.get("data", {}) for output in outputs]
    told = [output["text"] for output in outputs if output.get("name") == "stderr"]
    if told:
        raise ValueError(f"A cell warns, which pages do not show: {told[0]}")
    printed = "".join(output["text"] for output in outputs if output["output_type"] == "stream")
    values = [data["text/plain"] for data in shown if data.keys() == {"text/plain"}]
    values = [value for value in values if not value.startswith("<Axes")]  # which say where they are, and no more
    return Given(
        text=printed + "".join(f"{value}\n" for value in values),
        html="".join(data.get("text/html", "") for data in shown if "image/png" not in data),
        figure=b"".join(base64.b64decode(data["image/png"]) for data in shown if "image/png" in data),
    )


def written(page: str, given: list[Given]) -> tuple[str, dict[str, bytes]]:
    """The page with what its cells print, and the files that it shows, by their names in docs.

    Raises:
        ValueError: a cell gives nothing for a place below it, or something that has no place.
    """
    files: dict[str, bytes] = {}
    parts: list[str] = []
    end = 0
    for found, each in zip(CELL.finditer(page), given, strict=True):
        start, below = found.start("below"), found["below"]
        kinds = {"text": (TEXT, each.text), "display": (DISPLAY, each.html), "figure": (FIGURE, each.figure)}
        for kind, (place, value) in kinds.items():
            if bool(place.search(below)) != bool(value):
                raise ValueError(f"{'No place for' if value else 'No'} {kind} of the cell:\n{found['code']}")
        if each.text:
            place = TEXT.search(below)
            parts += [page[end : start + place.start(1)], each.text]
            end = start + place.end(1)
        if each.html:
            files[DISPLAY.search(below)[1]] = f"-->\n{each.html}\n<!--\n".encode()
        if each.figure:
            files[FIGURE.search(below)[1]] = each.figure
    return "".join([*parts, page[end:]]), files


def main(names: list[str]) -> None:
    """Writes the pages and their files."""
    import tempfile

    for page in PAGES:
        if names and page.stem not in names:
            continue
        text = page.read_text(encoding="utf-8")
        with tempfile.TemporaryDirectory() as folder:
            given = run([code for code, _ in cells(text)], Path(folder))
        text, files = written(text, given)
        page.write_text(text, encoding="utf-8")
        for name, data in files.items():
            (DOCS / name).parent.mkdir(parents=True, exist_ok=True)
            (DOCS / name).write_bytes(data)
        print(page.stem, sum(map(len, files.values())), "bytes in", len(files), "files")


if __name__ == "__main__":
    main(sys.argv[1:])
