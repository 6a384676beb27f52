"""Pages that are notebooks written as text show what their cells give."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

import isthmus
from isthmus.reports.plots import plot_of

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
SCRIPT = runpy.run_path(str(ROOT / "scripts" / "run_tutorials.py"))
ALIKE = runpy.run_path(str(ROOT / "tests" / "test_how_to.py"))["alike"]
PAGES = SCRIPT["PAGES"]
NO_PICTURE_OF_ITS_OWN = {"object", "AbstractPath", "Profile", "GridMap", "StudySummary", "Surface", "Filling"}


def words(html: str) -> str:
    """What a display says, without its drawings."""
    return " ".join(re.sub(r"<[^>]*>", " ", re.sub(r"<svg.*?</svg>", "", html, flags=re.DOTALL)).split())


@pytest.mark.slow
@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_a_page_shows_what_its_cells_give(page, tmp_path):
    pytest.importorskip("nbclient", reason="nbclient is not installed (extra: test)")
    text = page.read_text(encoding="utf-8")
    now, files = SCRIPT["written"](text, SCRIPT["run"]([code for code, _ in SCRIPT["cells"](text)], tmp_path))
    for kept, made in zip(SCRIPT["TEXT"].findall(text), SCRIPT["TEXT"].findall(now), strict=True):
        assert ALIKE(kept, made), made
    assert files.keys() == {*SCRIPT["DISPLAY"].findall(text), *SCRIPT["FIGURE"].findall(text)}
    for name, made in files.items():
        kept = (DOCS / name).read_bytes()
        if name.endswith(".html"):
            assert ALIKE(words(kept.decode()), words(made.decode())), name
        else:
            assert 0.5 < len(kept) / len(made) < 2, name


def test_nothing_that_was_shown_stays_behind():
    shown = {name for page in PAGES for name in re.findall(r"(?:outputs|images)/[\w/-]+\.\w+", page.read_text())}
    kept = {
        str(file.relative_to(DOCS))
        for page in PAGES
        for folder in (DOCS / "outputs" / page.stem, DOCS / "images" / page.stem)
        for file in folder.glob("*")
    }
    assert kept == shown and len(kept) > 20


def test_a_cell_has_a_place_for_what_it_gives():
    given, page = (
        SCRIPT["Given"],
        '```python\n1\n```\n\n```text\nold\n```\n\n```python\n2\n```\n\n--8<-- "outputs/a.html"\n',
    )
    text, files = SCRIPT["written"](page, [given("1\n", "", b""), given("", "<b>2</b>", b"")])
    assert text == page.replace("old", "1") and files == {"outputs/a.html": b"-->\n<b>2</b>\n<!--\n"}
    for nothing in (given("", "", b""), given("1\n", "<b>1</b>", b""), given("1\n", "", b"png")):
        with pytest.raises(ValueError, match=r"lace for|No text"):
            SCRIPT["written"](page, [nothing, given("", "<b>2</b>", b"")])


def test_the_gallery_has_every_figure():
    gallery = (DOCS / "gallery.md").read_text()
    figures = [name for name in isthmus.reports.__all__ if name.endswith("_figure") and name != "sheet_figure"]
    assert len(figures) > 5 and [name for name in figures if f"reports.{name}(" not in gallery] == []
    drawn = {made.__name__ for made in plot_of.registry} - NO_PICTURE_OF_ITS_OWN
    assert len(drawn) > 6 and gallery.count(".plot()") >= len(drawn)
