"""Writes the tables of columns in docs/tables.md anew, from the one list of them. `python scripts/write_columns.py`"""

from __future__ import annotations

import re
from pathlib import Path

from isthmus.connecting.columns import COLUMNS

PAGE = Path(__file__).parents[1] / "docs" / "tables.md"
PART = re.compile(r"(<!-- columns -->\n).*?(<!-- end of columns -->\n)", re.DOTALL)


def page() -> str:
    """The page with the table as it should be."""
    lines = ["| column | type | meaning |", "|---|---|---|"]
    lines += [f"| `{column.name}` | {column.type} | {column.meaning} |" for column in COLUMNS]
    table = "\n".join(lines).replace("|AC|", "\\|AC\\|")
    return PART.sub(lambda part: f"{part[1]}\n{table}\n\n{part[2]}", PAGE.read_text(encoding="utf-8"))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
