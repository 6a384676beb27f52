from __future__ import annotations

import csv
import io
import json
import re
from pathlib import Path

import pytest
import torch

from isthmus import BarrierBypass, connect
from isthmus.errors import InputError
from isthmus.reports import barriers_figure, page
from isthmus.testing import DoubleWell

NASTY = ["<script>alert(1)</script>", "</script><b>x</b>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "a & b"]


@pytest.fixture(scope="module")
def found(digits, digit_pairs):
    return connect(digits, *digit_pairs)


@pytest.fixture(scope="module")
def html(found) -> str:
    names = [(f"{NASTY[n % 5]} A{n}", f"C{n}") for n in range(16)]
    class_names = [f"{NASTY[n % 5]} {n}" for n in range(10)]
    return page(found, names=names, class_names=class_names, title=NASTY[0], made={"command": NASTY[2], "seed": 0})


def data_of(html: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)[1])


def test_names_from_outside_stay_text(html):
    assert html.count("<script") == 2 and html.count("</script>") == 2
    assert "<img src=x" not in html and "&lt;script&gt;alert(1)" in html
    assert data_of(html)["pairs"][0]["a"] == "<script>alert(1)</script> A0"


def test_the_page_asks_for_nothing(html):
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", html) and "@import" not in html
    assert not re.search(r"url\((?!#)", html)  # but for parts of the drawing itself
    assert "default-src 'none'" in html


def test_it_holds_every_pair_with_its_numbers(html, found):
    data = data_of(html)
    assert len(data["pairs"]) == 16
    for shown, pair in zip(data["pairs"], found, strict=True):
        assert shown["directMax"] == pytest.approx(pair.direct.max_loss, rel=1e-3)
        assert len(shown["found"]["pictures"]) == len(pair.path.vertices)
        assert len(shown["direct"]["t"]) == len(pair.direct)


def test_losses_that_are_no_numbers_become_null():
    well = DoubleWell()
    (pair,) = connect(well, well.a, well.c, well.target, method=BarrierBypass(rounds=0))
    broken = type(pair.direct)(
        t=pair.direct.t,
        loss=torch.full_like(pair.direct.loss, torch.nan),
        logits=torch.full_like(pair.direct.logits, torch.nan),
        target=0,
        coarse_max_loss=float("nan"),
    )
    import dataclasses

    html = page([dataclasses.replace(pair, direct=broken, profile=broken)])
    assert data_of(html)["pairs"][0]["max"] is None


def test_a_hundred_photographs_stay_below_fifteen_megabytes():
    """Noise compresses worse than any photograph."""
    from isthmus import Connection, Outcome, Polyline, Profile

    random = torch.Generator().manual_seed(0)
    t = torch.linspace(0, 1, 35, dtype=torch.float64)

    def one() -> Connection:
        smooth = torch.nn.functional.interpolate(torch.rand((3, 3, 40, 40), generator=random), size=(224, 224))
        logits = torch.randn((35, 1000), generator=random)
        profile = Profile(t=t, loss=t + 0.1, logits=logits, target=3, coarse_max_loss=1.0)
        path = Polyline(smooth + 0.02 * torch.rand(smooth.shape, generator=random))
        return Connection(
            direct=profile, profile=profile, path=path, vertex_rounds=(0, 1, 0), outcome=Outcome.CONNECTED,
            threshold=0.5, rounds=1, steps=5, forward_equivalents=80, max_loss_after=(1.1, 1.1),
        )  # fmt: skip

    assert len(page([one() for _ in range(100)], class_names=["a class of some length"] * 1000)) < 15_000_000


# ---- in a browser


@pytest.fixture
def opened(browser, html, tmp_path: Path):
    (tmp_path / "index.html").write_text(html, encoding="utf-8")
    tab = browser.new_page(viewport={"width": 1200, "height": 900})
    tab.trouble, tab.requests, tab.address = [], [], (tmp_path / "index.html").as_uri()
    tab.on("console", lambda message: tab.trouble.append(message.text))
    tab.on("pageerror", lambda error: tab.trouble.append(str(error)))
    tab.on("dialog", lambda dialog: (tab.trouble.append("dialog"), dialog.dismiss()))
    tab.on("request", lambda request: tab.requests.append(request.url))
    tab.goto(tab.address)
    tab.wait_for_selector("body[data-ready]", timeout=20_000)
    yield tab
    assert tab.trouble == []
    assert all(url.startswith(("data:", "file:")) for url in tab.requests)
    tab.close()


def pixels(tab, name: str) -> str:
    return tab.evaluate(f"document.getElementById('image-{name}').toDataURL()")


def test_names_stay_text_in_the_browser(opened):
    assert opened.title().startswith("<script>alert(1)</script>")
    assert "<script>alert(1)</script> A0" in opened.text_content("#name")
    assert opened.evaluate("document.querySelectorAll('main img, main script, main b > *').length") == 0


def test_the_slider_moves_images_cursor_and_probabilities(opened):
    opened.goto(opened.address + "#pair-3")
    opened.wait_for_selector("body[data-ready='3']")
    opened.focus("#slider")
    states = []
    for value in (0, 500, 1000):
        opened.evaluate(
            f"s = document.getElementById('slider'); s.value = {value}; s.dispatchEvent(new Event('input'))"
        )
        states.append(
            (pixels(opened, "direct"), pixels(opened, "found"), opened.text_content("#now-direct"),
             opened.text_content("#bars-found"), opened.evaluate("cursors.line.getAttribute('x1')"))
        )  # fmt: skip
    for part in (0, 1, 2, 4):
        assert len({state[part] for state in states}) == 3
    assert states[0][0] == states[0][1] and states[2][0] == states[2][1]  # both paths share their ends


def test_arrow_keys_move_the_slider(opened):
    before = int(opened.input_value("#slider"))
    opened.keyboard.press("ArrowRight")
    opened.keyboard.press("ArrowRight")
    assert int(opened.input_value("#slider")) == before + 20
    opened.keyboard.press("ArrowLeft")
    assert int(opened.input_value("#slider")) == before + 10


def test_each_pair_has_an_address(opened):
    opened.goto(opened.address + "#pair-7")
    assert opened.text_content("#name").startswith("Pair 7:")
    opened.click("#next")
    assert opened.text_content("#name").startswith("Pair 8:") and opened.url.endswith("#pair-8")


def test_the_table_sorts(opened):
    def column() -> list[float]:
        return [float(text) for text in opened.locator("#table tbody tr td:nth-child(5)").all_text_contents()]

    unsorted = column()
    opened.click("#table thead th:nth-child(5) button")
    assert column() == sorted(unsorted) != unsorted
    opened.click("#table thead th:nth-child(5) button")
    assert column() == sorted(unsorted, reverse=True)


def test_the_page_opens_on_the_highest_barrier(browser, found, tmp_path):
    (tmp_path / "turned.html").write_text(page(type(found)(found.pairs[::-1], found.description)))
    tab = browser.new_page()
    tab.goto((tmp_path / "turned.html").as_uri())
    tab.wait_for_selector("body[data-ready]")
    assert found[0].direct.gap == max(pair.direct.gap for pair in found)
    assert tab.text_content("#name").startswith(f"Pair {len(found) - 1}:")
    tab.close()


def test_the_table_is_filtered_and_exported(opened, found):
    opened.fill("#filter", "c1 DIRECT")
    rows = opened.locator("#table tbody tr")
    assert rows.count() == 6 and opened.text_content("#counted") == f"6 of {len(found)} pairs"  # C10 to C15
    opened.focus("#filter")
    opened.keyboard.press("ArrowLeft")  # moves the cursor in the words, and not the slider
    with opened.expect_download() as download:
        opened.click("#csv")
    lines = list(csv.reader(io.StringIO(Path(download.value.path()).read_bytes().decode())))
    assert lines[0][:3] == ["pair", "A", "C"] and len(lines) == rows.count() + 1
    assert all(line[2].startswith("C1") for line in lines[1:])
    opened.fill("#filter", "no such pair")
    assert rows.count() == 0
    opened.fill("#filter", "")
    assert rows.count() == len(found)


def test_formulas_are_quoted_in_the_export(browser, found, tmp_path):
    (tmp_path / "index.html").write_text(page(found[:2], names=[("=HYPERLINK(1)", 'a "b", c'), ("+1", "@x")]))
    tab = browser.new_page()
    tab.goto((tmp_path / "index.html").as_uri())
    tab.wait_for_selector("body[data-ready]")
    lines = list(csv.reader(io.StringIO(tab.evaluate("csv()"))))
    assert [line[1:3] for line in lines[1:]] == [["'=HYPERLINK(1)", 'a "b", c'], ["'+1", "'@x"]]
    tab.close()


def test_the_thumb_stands_below_the_cursor(opened):
    for width in (400, 1000, 1600):
        opened.set_viewport_size({"width": width, "height": 900})
        opened.wait_for_timeout(100)
        for value in (0, 500, 1000):
            apart = opened.evaluate(
                f"""(() => {{
                    const slider = document.getElementById("slider"), box = slider.getBoundingClientRect();
                    slider.value = {value}; slider.dispatchEvent(new Event("input"));
                    return box.left + 8 + {value} / 1000 * (box.width - 16) - cursors.line.getBoundingClientRect().left;
                }})()"""
            )
            assert abs(apart) < 3, (width, value)


def test_a_part_of_the_chart_can_be_looked_at(opened):
    opened.set_viewport_size({"width": 1000, "height": 900})
    opened.wait_for_timeout(100)
    opened.evaluate("document.activeElement.blur()")
    dots = "document.querySelectorAll('#chart > svg > g circle').length"
    all_of_it = opened.evaluate(dots)
    opened.keyboard.press("+")
    opened.keyboard.press("+")
    low, high = opened.evaluate("state.zoom")
    assert high - low == pytest.approx(0.25) and low <= opened.evaluate("state.t") <= high
    assert opened.evaluate(dots) == all_of_it  # those outside are cut off, not forgotten
    assert opened.evaluate("[chart.x(state.zoom[0]), chart.x(state.zoom[1]) + 40 - chart.width]") == pytest.approx(
        [62, 0]
    )
    apart = opened.evaluate(
        """(() => { const slider = document.getElementById("slider"), box = slider.getBoundingClientRect();
           const share = (state.t - state.zoom[0]) / (state.zoom[1] - state.zoom[0]);
           return box.left + 8 + share * (box.width - 16) - cursors.line.getBoundingClientRect().left; })()"""
    )
    assert abs(apart) < 3  # the thumb stands below the cursor here too
    opened.keyboard.press("ArrowRight")
    opened.click("#wider")
    assert opened.evaluate("state.zoom[1] - state.zoom[0]") == pytest.approx(0.5)
    opened.click("#whole")
    assert opened.evaluate("state.zoom") == [0, 1] and opened.locator("#whole").is_hidden()
    opened.fill("#filter", "0")  # a digit in the filter is a digit
    opened.click("#closer")
    opened.focus("#filter")
    opened.keyboard.press("0")
    assert opened.evaluate("state.zoom[1] - state.zoom[0]") == pytest.approx(0.5)
    opened.fill("#filter", "")
    opened.click("#next")
    assert opened.evaluate("state.zoom") == [0, 1]  # another pair is seen whole
    opened.click("#previous")


def test_losses_are_told_where_the_pointer_is(opened):
    box = opened.locator("#chart > svg").bounding_box()
    opened.locator("#chart > svg").scroll_into_view_if_needed()
    box = opened.locator("#chart > svg").bounding_box()
    opened.mouse.move(box["x"] + 62 + 0.5 * (box["width"] - 102), box["y"] + 100)
    lines = opened.locator("#tip div").all_text_contents()
    loss = opened.evaluate("number(at(data.pairs[state.pair].direct, 0.5).loss)")
    assert lines[0] == "t = 0.5" and lines[1].startswith(f"direct {loss} · ")
    opened.mouse.move(2, 2)
    assert opened.locator("#tip").is_hidden()


def test_the_chart_can_be_saved(opened):
    opened.hover("#chart > svg")
    with opened.expect_download() as download:
        opened.click("#chart > .save")
    text = Path(download.value.path()).read_text()
    assert text.startswith("<svg") and "var(" not in text and "threshold" in text
    assert text.count("<line") == opened.evaluate("document.querySelectorAll('#chart > svg line:not(.cursor)').length")


@pytest.mark.parametrize("width", [400, 1600])
def test_nothing_overflows(opened, width):
    opened.set_viewport_size({"width": width, "height": 900})
    opened.wait_for_timeout(100)
    assert opened.evaluate("document.documentElement.scrollWidth") <= width


def test_the_published_scan_is_thinned_but_keeps_what_matters(digits, digit_pairs):
    found = connect(digits, *(part[:1] for part in digit_pairs), method=BarrierBypass(scan=1000))
    shown = data_of(page(found))["pairs"][0]
    assert len(shown["direct"]["t"]) <= 204 and len(shown["found"]["t"]) <= 210
    assert max(shown["direct"]["loss"]) == shown["directMax"] and max(shown["found"]["loss"]) == shown["max"]
    assert {0.0, 1.0} <= set(shown["found"]["t"])


def test_a_page_says_how_its_pairs_were_made_and_what_is_strange(digits, digit_pairs):
    import warnings

    from isthmus.errors import IsthmusWarning

    a, c, y = (part[:3] for part in digit_pairs)
    html = page(connect(digits, a, c, y))
    assert "weights, SHA-256" in html and "digits" in html and "in neither end" not in html
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IsthmusWarning)
        strange = page(connect(digits, a, c, (y + 1) % 10, method=BarrierBypass(rounds=0)))
    assert re.search(r"<b>3</b><span>pairs of which the network sees the target in neither end", strange)


def test_losses_that_differ_little_are_told_apart(browser, found, tmp_path):
    from dataclasses import replace

    close = [replace(found[0], threshold=found[0].profile.max_loss * (1 + 3e-5))]
    (tmp_path / "index.html").write_text(page(close))
    tab = browser.new_page()
    tab.goto((tmp_path / "index.html").as_uri())
    tab.wait_for_selector("body[data-ready]")
    said = tab.locator("#verdict").text_content()
    highest, threshold = re.search(r"(\S+) on the path found \(threshold (\S+)\)", said).groups()
    assert highest != threshold and float(threshold) == pytest.approx(close[0].threshold, rel=1e-4)
    tab.close()


def test_one_pair_is_a_page_too(found):
    assert data_of(page(found[12]))["pairs"][0]["max"] == pytest.approx(found[12].profile.max_loss, rel=1e-3)


def test_a_figure_of_groups_says_what_it_takes(found):
    with pytest.raises(InputError, match="groups must be those of a study"):
        barriers_figure(found)
