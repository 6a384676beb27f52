"""Pages of docs/how-to print what they say they print."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "run_how_tos.py"))
PAGES = SCRIPT["pages"]()
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


def alike(one: str, other: str) -> bool:
    """The same words, and numbers as another machine may have them: within a tenth, or 0.01 where they are small."""
    if NUMBER.sub("#", one) != NUMBER.sub("#", other):
        return False
    numbers = zip(map(float, NUMBER.findall(one)), map(float, NUMBER.findall(other)), strict=True)
    return all(abs(a - b) <= 0.01 + 0.1 * abs(a) for a, b in numbers)


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_a_page_prints_what_it_says(page, tmp_path):
    text = page.read_text(encoding="utf-8")
    (code, said) = SCRIPT["PART"].search(text).groups()
    assert text.count("```python") == 1 and said.strip()
    printed = SCRIPT["run"](code, tmp_path)
    assert alike(said, printed), printed
    for name in re.findall(r"\.\./images/how-to/([\w-]+\.png)", text):
        assert (tmp_path / name).stat().st_size > 5000 and (ROOT / "docs" / "images" / "how-to" / name).is_file()


def test_numbers_are_compared():
    assert alike("3 pairs, loss 0.318", "3 pairs, loss 0.320") and not alike("loss 0.318", "loss 1.58")
    assert not alike("connected", "not connected") and not alike("1e-3", "9")


def test_the_first_page_lists_all():
    listed = re.findall(r"\]\(([\w-]+)\.md\)", (ROOT / "docs" / "how-to" / "index.md").read_text())
    assert sorted(listed) == [page.stem for page in PAGES] and len(listed) == len(set(listed))
    assert all(f"how-to/{name}.md" in (ROOT / "mkdocs.yml").read_text() for name in listed)
