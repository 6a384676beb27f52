"""The page of an attribution, in a browser: the map, its strongest places, each value, names as text."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import torch
from pages import NASTY, data_of, opened

import isthmus
from isthmus.reports.attribution_page import attribution_page


def attribution(*shape: int, **more) -> isthmus.Attribution:
    values = torch.zeros(shape, dtype=torch.float64)
    values[..., 0, 1], values[..., 1, 0], values[..., -1, -1] = 2.0, -1.0, 0.25
    total = float(values.sum())
    return isthmus.Attribution(
        values=values, start=-0.5, end=total - 0.5, completeness_error=0.0, gradients=33, parts=1, exact=False, **more
    )


def page(found: isthmus.Attribution, **more) -> str:
    shape = found.values.shape
    given = {"captions": ("black", NASTY), "class_names": [NASTY, "one"], "output": 0, "command": "isthmus attribute"}
    return attribution_page(found, torch.zeros(shape), torch.rand(shape), **given | more)


def test_the_map_says_what_its_strongest_places_make_up(browser, tmp_path):
    tab = opened(browser, tmp_path, page(attribution(1, 8, 8)))
    said = tab.locator("#share-said")
    assert said.text_content() == "100 % of the places: +1.25 of +1.25"
    tab.fill("#share", "1")  # one place of 64
    assert said.text_content() == "1 % of the places: +2 of +1.25"
    drawn = tab.evaluate("[...document.querySelector('canvas').getContext('2d').getImageData(0, 0, 8, 8).data]")
    assert [place for place, opaque in enumerate(drawn[3::4]) if opaque] == [1]
    tab.fill("#under", "0")
    assert tab.evaluate("document.querySelector('.over canvas').previousElementSibling.style.opacity") == "0"
    tab.locator("canvas").hover(position={"x": 12, "y": 60})
    assert re.fullmatch(r"pixel 0, \d \(across, down\): \S+ logits", tab.locator("#here").text_content())
    tab.locator("canvas").focus()
    tab.keyboard.press("ArrowRight")
    assert tab.locator("#here").text_content().startswith("pixel 1, ")
    assert tab.locator("h1").text_content() == f"What raised and lowered the logit of {NASTY}"
    assert tab.locator("figcaption", has_text=NASTY).count() == 1
    tab.close()


@pytest.mark.parametrize("width", [400, 1600])
def test_nothing_leaves_the_page(browser, tmp_path, width):
    found = attribution(3, 230, 301, error_bound=torch.full((3, 230, 301), 1e-7), subject_to="float64")
    tab = opened(browser, tmp_path, page(found), width=width)
    assert tab.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert (
        "no sum of values is farther off" in tab.content()
        and "<b>0.03</b>" in tab.content()
        and "Proven subject to: float64." in tab.content()
    )
    tab.close()


def test_large_images_are_told_apart_in_blocks():
    """Whose values are sums, so that none is lost."""
    data = data_of(page(attribution(3, 230, 301)))
    assert data["block"] == 3 and len(data["cells"]) == 77 and len(data["cells"][0]) == 101
    assert sum(map(sum, data["cells"])) == pytest.approx(3 * 1.25)
    assert data["cells"][0][0] == pytest.approx(3 * (2.0 - 1.0)) and data["cells"][-1][-1] == pytest.approx(0.75)


def test_parts_with_names_are_bars(browser, tmp_path):
    table = isthmus.inputs.Table.of({"age": [20.0, 60.0], NASTY: ["a", "b"]})
    x = table.encode({"age": [30.0], NASTY: ["a"]})[0]
    found = replace(attribution(2, 2), values=x.double() - 0.6, input_kind=table, explained=x)
    tab = opened(browser, tmp_path, page(found))
    assert tab.locator(".part").count() == len(found.named()) and tab.locator("canvas").count() == 0
    assert NASTY in tab.locator(".parts").text_content()
    tab.close()
