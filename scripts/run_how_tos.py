"""Runs the code of the pages in docs/how-to and writes what it prints below it, and its figures beside the others.

python scripts/run_how_tos.py [PAGE ...]
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "how-to"
FIGURES = ROOT / "docs" / "images" / "how-to"
PART = re.compile(r"```python\n(.*?)```\n\n```text\n(.*?)```", re.DOTALL)


def pages() -> list[Path]:
    """Pages with code."""
    return [page for page in sorted(PAGES.glob("*.md")) if page.name != "index.md"]


def run(code: str, folder: Path) -> str:
    """What some code prints, when it is run in a folder as a user would."""
    done = subprocess.run(  # noqa: S603 (our own pages)
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(done.stderr)
    return done.stdout


def main(names: list[str]) -> None:
    """Writes the pages."""
    for page in pages():
        if names and page.stem not in names:
            continue
        text = page.read_text(encoding="utf-8")
        code = PART.search(text)
        if code is None:
            raise SystemExit(f"{page} has no code with room for what it prints.")
        with tempfile.TemporaryDirectory() as folder:
            printed = run(code[1], Path(folder))
            FIGURES.mkdir(parents=True, exist_ok=True)
            for figure in Path(folder).glob("*.png"):
                (FIGURES / figure.name).write_bytes(figure.read_bytes())
        page.write_text(text[: code.start(2)] + printed + text[code.end(2) :], encoding="utf-8")
        print(f"{page.stem}\n{printed}")


if __name__ == "__main__":
    main(sys.argv[1:])
