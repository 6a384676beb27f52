"""The lowest versions that pyproject.toml allows, as constraints for pip:

python scripts/lowest_versions.py > lowest.txt
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path


def lowest() -> list[str]:
    """One line a dependency."""
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return [re.sub(r"^([A-Za-z0-9_.-]+)>=([0-9.]+).*$", r"\1==\2", each) for each in project["dependencies"]]


if __name__ == "__main__":
    print("\n".join(lowest()))
