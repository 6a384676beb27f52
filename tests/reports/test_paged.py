"""Pages of many inputs: tables a page at a time, with the pictures or curves of what they show."""

from __future__ import annotations

import csv
import io
import math
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from pages import NASTY, data_of, opened

from isthmus.inputs.kinds import Table
from isthmus.reports.made_inputs import MadeInputs
from isthmus.reports.made_page import made_page
from isthmus.reports.scores_page import Scores, scores_page


def scores(count: int = 60) -> Scores:
    random = np.random.default_rng(0)
    rows = [
        {
            "input": f"{NASTY if number == 0 else '=1+1'} {number}.png",
            "predicted": 1,
            "class": "one",
            "score": None if number == 3 else float(number),
            "p_value": None if number == 3 else 1 / (1 + number),
            "verdict": "flagged" if number > 40 else "clean",
        }
        for number in range(count)
    ]
    curves = 10.0 ** random.uniform(-4, 1, (count, 3, 8))
    curves[5, 0, 2] = math.nan
    bands = {kind: np.sort(10.0 ** random.uniform(-4, 0, (3, 8)), axis=0) for kind in ("references", "views")}
    return Scores(
        x=torch.rand((count, 1, 8, 8), generator=torch.Generator().manual_seed(0)),
        rows=rows,
        curves=dict.fromkeys(bands, curves),
        bands=bands,
        flagged=max(0, count - 41),
        about="a detector",
        made={"seed": 0},
    )


def made(count: int = 30) -> MadeInputs:
    x = torch.rand((count, 1, 8, 8), generator=torch.Generator().manual_seed(1))
    rows = [
        {
            "input": f"{NASTY} {number}",
            "class_before": "3",
            "class_after": str(number % 5),
            "success": number % 3 != 0,
            "success_8bit": number % 3 == 1,
            "valid": number != 7,
            "loss": math.inf if number == 2 else 0.5 * number,
            "linf": 0.1,
            "l2": 1.0,
            "steps": number,
        }
        for number in range(count)
    ]
    captions = [f"{number % 5}\nchange 0.1" for number in range(count)]
    return MadeInputs(x=x, rows=rows, captions=captions, title="Attacked", sources=1 - x, source_captions=["3"] * count)


def test_every_verdict_is_in_the_page_the_most_suspicious_first():
    data = data_of(scores_page(scores(), most=20))
    p = [row["p_value"] for row in data["rows"]]
    assert p[0] is None and p[1:] == sorted(p[1:]) and len(p) == 60
    assert [row["curves"] is not None for row in data["rows"]] == [True] * 20 + [False] * 40
    assert None in data_of(scores_page(scores()))["rows"][55]["curves"]["views"][0]  # what is no number


def test_verdicts_are_paged_with_their_curves(browser, tmp_path):
    tab = opened(browser, tmp_path, scores_page(scores()))
    rows, articles = tab.locator("#rows tbody tr"), tab.locator("article.verdict")
    assert rows.count() == articles.count() == 10
    assert tab.locator("article.verdict figure.charted").count() == 20
    first = articles.first.locator("h3").text_content()
    tab.click("button[aria-label='later rows']")
    assert "11 to 20 of 60" in tab.locator(".pager").text_content()
    assert articles.first.locator("h3").text_content() != first and tab.evaluate("redrawn.length") == 20
    tab.fill("input[type=search]", NASTY.lower())
    assert rows.count() == articles.count() == 1 and tab.locator(".pager").is_hidden()
    assert articles.first.locator("h3").text_content().startswith(NASTY)
    tab.close()


def test_a_table_sorts_and_exports_what_it_shows(browser, tmp_path):
    tab = opened(browser, tmp_path, scores_page(scores()))
    heading = tab.locator("#rows thead button", has_text="score")
    heading.click()
    heading.click()
    assert tab.locator("#rows tbody tr").nth(1).locator("td").nth(2).text_content() == "59"
    tab.fill("input[type=search]", "flagged")
    with tab.expect_download() as download:
        tab.click("text=CSV")
    lines = list(csv.reader(io.StringIO(Path(download.value.path()).read_bytes().decode())))
    assert lines[0] == ["input", "seen as", "score", "p-value", "verdict"] and len(lines) == 20
    assert all(line[0].startswith("'=1+1") for line in lines[1:])  # no formula
    assert [float(line[2]) for line in lines[1:]] == sorted((float(line[2]) for line in lines[1:]), reverse=True)
    tab.close()


def test_inputs_that_were_made_stand_beside_their_sources(browser, tmp_path):
    tab = opened(browser, tmp_path, made_page(made()))
    assert tab.locator("article.triple").count() == 12
    assert tab.locator("article.triple").first.locator("img").count() == 3
    assert tab.locator("article.triple.flagged").count() == 4  # every third has failed
    cards = tab.locator(".card").all_text_contents()
    assert "20 of 30led where they were wanted" in cards and "10 of 30still as 8-bit images" in cards
    assert "1outside bounds or radius" in cards
    tab.click("#rows thead button:has-text('loss')")
    tab.click("#rows thead button:has-text('loss')")
    assert tab.locator("#rows tbody tr").first.locator("td").nth(6).text_content() == "–"  # what is not finite
    for width in (400, 1600):
        tab.set_viewport_size({"width": width, "height": 900})
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
    tab.close()


def test_rows_of_tables_are_drawn_as_rows():
    table = Table.of({"age": [20.0, 60.0], "job": ["a", "b"]})
    x = table.encode({"age": [30.0, 50.0], "job": ["a", "b"]})
    rows = [{"target_name": "one", "loss": 0.5, "success": True, "steps": 3, "seed": n} for n in range(2)]
    html = made_page(MadeInputs(x=x, rows=rows, captions=["one\nloss", "one\nloss"], title="Made", input_kind=table))
    data = data_of(html)
    assert [key for key, _, _ in data["columns"]] == ["target_name", "success", "loss", "steps", "seed"]
    assert len(data["rows"][0]["pictures"]) == 1 and not data["small"] and "2 rows" in html


@pytest.mark.parametrize("html", [scores_page(scores(9)), made_page(made(3))], ids=["scores", "made"])
def test_names_from_outside_stay_text(html):
    assert html.count("<script") == 2 and "<img src=x" not in html and "default-src 'none'" in html
    assert not re.search(r"url\((?!#)", html)
