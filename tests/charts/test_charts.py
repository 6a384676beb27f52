"""Charts are data: a file and a page show the same marks."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest

from isthmus._core import look
from isthmus.charts import (
    INK,
    Area,
    Axis,
    Box,
    Cells,
    Chart,
    Curve,
    Hatched,
    Key,
    Panel,
    Picture,
    Rule,
    Whisker,
    Words,
    box_of,
    contours_of,
    drawn,
    in_page,
    quartiles,
    rows_of,
    whisker_of,
)
from isthmus.estimates import Estimate
from isthmus.reports.rendering import render

NASTY = "</script><img src=x onerror=alert(1)> $x$ \x1b"


def lines(**more) -> Panel:
    marks = [
        *quartiles([0.0, 1.0, 2.0], np.array([[1e-3, 1e-1, 1e-2], [1e-2, 1.0, 1e-1]]), look.FOUND, "found"),
        Curve(x=[0, 1, 2], y=[1e-2, math.nan, 1.0], color="#440154", marker="o", name=NASTY),
        Rule(at=0.5, dash="dashed", words="threshold"),
        Words(x=1, y=0.1, text="B", dot=True),
    ]
    look_of = {"title": NASTY, "x": Axis(label="t", low=0, high=2), "y": Axis(label="loss (nats)", scale="log")} | more
    return Panel(marks=marks, **look_of)


def rows() -> Panel:
    marks = [
        Whisker(at=0, value=0.5, low=0.25, high=0.75, color=look.FOUND, name="first"),
        Whisker(at=1, value=0.9, low=math.nan, high=math.nan, color=look.DIRECT, hollow=True),
        Box(at=2, quantiles=(0.1, 0.2, 0.3, 0.4, 0.5), color=look.PEAK),
    ]
    axis = Axis(label="share", low=0, high=1)
    return Panel(title="rows", marks=marks, x=axis, y=rows_of(["one", "two\nof 3 pairs", "a name that is rather long"]))


def plane() -> Panel:
    x = np.linspace(0, 1, 5)
    heights = x[None, :] + x[:, None]
    colors = np.full((4, 4, 3), 0.8)
    marks = [
        Cells(colors=colors, extent=(0.0, 1.0, 0.0, 1.0)),
        Hatched(cells=np.eye(4, dtype=bool), extent=(0.0, 1.0, 0.0, 1.0)),
        *contours_of(x, x, heights, [0.5, 1.0, 99.0]),
        Curve(x=[0, 1], y=[0.5, 0.5], color=look.FOUND, name="path"),
    ]
    return Panel(title="plane", marks=marks, equal=True, keys=[Key(name="7", color="#cc79a7", filled=True)])


def whole() -> Chart:
    pictures = [Picture(pixels=np.zeros((8, 8, 3)), words=f"A {NASTY}", color=look.PEAK)]
    return Chart(panels=[lines(), rows(), plane()], pictures=pictures, size=(12, 7))


def test_a_page_holds_every_mark_and_no_number_that_json_lacks():
    made = json.loads(json.dumps(in_page(whole()), allow_nan=False))
    kinds = [[mark["kind"] for mark in panel["marks"]] for panel in made["panels"]]
    assert kinds == [
        ["area", "curve", "curve", "rule", "words"],
        ["whisker", "whisker", "box"],
        ["cells", "hatched", "contours", "contours", "curve"],  # the map does not reach 99
    ]
    first, second, third = made["panels"]
    assert first["marks"][2]["y"] == [0.01, None, 1.0] and "\x1b" not in first["title"]
    assert second["marks"][1]["low"] is None and second["marks"][0]["low"] == 0.25
    assert third["marks"][1]["runs"] == [[n, n, n + 1] for n in range(4)] and third["marks"][1]["shape"] == [4, 4]
    assert third["covered"] and not first["covered"]
    assert made["pictures"][0]["small"] and made["pictures"][0]["picture"].startswith("data:image/png;base64,")


def test_colours_follow_the_page_but_not_on_a_light_picture():
    first, _, third = in_page(whole())["panels"]
    assert [mark["color"] for mark in first["marks"][:3]] == [
        "var(--found)",
        "var(--found)",
        first["marks"][2]["color"],
    ]
    assert first["marks"][2]["color"].startswith("color-mix(") and first["marks"][4]["color"] == "var(--ink)"
    assert third["marks"][4]["color"] == look.FOUND and third["marks"][2]["color"] == "#1b1f24"
    clear = Panel(marks=[Cells(colors=np.zeros((2, 2, 4)), extent=(0, 1, 0, 1)), Curve(x=[0], y=[0], color=INK)])
    assert in_page(Chart(panels=[clear]))["panels"][0]["marks"][1]["color"] == "var(--ink)"  # the page shows through


def test_the_legend_names_each_curve_once_and_no_whisker():
    twice = Panel(marks=[Curve(x=[0], y=[0], name="a", width=0, marker="s")] * 2, keys=[Key(name="b", marker="o")])
    assert [(key.name, key.line, key.marker) for key in twice.legend()] == [("a", False, "s"), ("b", False, "o")]
    assert rows().legend() == []


def test_a_file_shows_the_same(tmp_path):
    figure = drawn(whole())
    assert [axes.get_title(loc="left") for axes in figure.axes[-3:]] == [
        NASTY.replace("$", r"\$").replace("\x1b", "�"),
        "rows",
        "plane",
    ]
    curves, names, map_ = figure.axes[-3:]
    assert curves.get_yscale() == "log" and curves.get_ylabel() == "loss (nats)" and curves.get_xlim() == (0, 2)
    assert curves.get_legend().get_texts()[0].get_text() == "found"
    assert names.get_yticklabels()[0].get_text() == "one" and names.yaxis_inverted()
    assert {line.get_xydata().tolist()[0][0] for line in names.get_lines()} >= {0.25, 0.5, 0.9}
    assert map_.get_aspect() == 1 and len(map_.images) == 1
    figure.savefig(tmp_path / "figure.svg")
    assert "threshold" in (tmp_path / "figure.svg").read_text()


def test_a_shared_axis_is_named_once():
    figure = drawn(Chart(panels=[rows(), rows()], keys=[Key(name="all", marker="o")], shared=True))
    left, right = figure.axes
    assert left.get_ylim() == right.get_ylim() and not right.yaxis.get_tick_params()["labelleft"]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["all"] and left.get_legend() is None


def test_estimates_and_distributions_become_marks():
    mark = whisker_of(Estimate(value=0.5, low=0.4, high=0.6), 3, look.FOUND, scale=100, marker="D")
    assert (mark.at, mark.value, mark.low, mark.high, mark.marker) == (3, 50, 40, 60, "D")
    assert box_of([math.nan], 0, look.FOUND) == []
    (box,) = box_of([*range(101), math.inf], 1, look.FOUND, upright=True)
    assert box.quantiles == (5, 25, 50, 75, 95) and box.upright


def opened(browser, tmp_path: Path, chart: Chart, *, width: int = 1000, scheme: str = "light"):
    empty = dict.fromkeys(("claim", "source", "about", "caption"), "")
    lists: dict[str, list[str]] = {name: [] for name in ("found", "agrees", "differs", "tables", "notes")}
    data = {"charts": [in_page(chart)]}
    html = render(
        "paper.html", ("common.js", "axes.js", "charts.js"), data, title=NASTY, study=False, made={}, **empty, **lists
    )
    (tmp_path / "index.html").write_text(html)
    tab = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    errors: list[str] = []
    tab.on("pageerror", lambda error: errors.append(str(error)))
    tab.goto((tmp_path / "index.html").as_uri())
    tab.wait_for_selector("figure.charted svg path", state="attached")
    assert not errors
    return tab


@pytest.mark.parametrize(("width", "scheme"), [(400, "dark"), (1000, "light"), (1600, "dark")])
def test_charts_fit_at_every_width(browser, tmp_path, width, scheme):
    tab = opened(browser, tmp_path, whole(), width=width, scheme=scheme)
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.locator("figure.charted").count() == 3
    assert tab.locator("figure.charted h3").first.text_content() == NASTY.replace("\x1b", "�")
    # No number of an axis stands on another, and none is cut off.
    boxes = tab.evaluate(
        """[...document.querySelectorAll("figure.charted > svg")].map((root) => {
             const place = (text) => {
               const b = text.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom];
             };
             return [root.getBoundingClientRect().right, [...root.querySelectorAll("text.faint")].map(place)];
           })"""
    )
    for right, found in boxes:
        assert len(found) > 3
        for number, one in enumerate(found):
            assert one[2] <= right + 8
            for other in found[:number]:
                apart = (
                    one[0] >= other[2] - 1 or other[0] >= one[2] - 1 or one[1] >= other[3] - 4 or other[1] >= one[3] - 4
                )
                assert apart, (one, other)
    tab.close()


def test_marks_stand_where_the_axis_says(browser, tmp_path):
    tab = opened(browser, tmp_path, Chart(panels=[lines()]))
    found = tab.evaluate(
        """(() => {
             const width = document.querySelector("figure.charted svg").clientWidth;
             const frame = frameOf(data.charts[0].panels[0], width);
             return { ends: [frame.x(0), frame.left, frame.x(2), frame.right], ticks: frame.ticks.y.map(([v]) => v),
               middle: [frame.y(0.1), (frame.y(1) + frame.y(0.01)) / 2] };
           })()"""
    )
    assert found["ends"][0] == found["ends"][1] and found["ends"][2] == pytest.approx(found["ends"][3])
    assert found["middle"][0] == pytest.approx(found["middle"][1])  # a logarithmic axis
    assert found["ticks"] == pytest.approx([0.01, 0.1, 1])
    d = tab.locator("figure.charted svg g path[stroke='var(--found)']").first.get_attribute("d")
    assert len(re.findall(r"[ML]", d)) == 3
    broken = tab.locator("figure.charted svg g path[stroke^='color-mix']").first.get_attribute("d")
    assert broken.count("M") == 2  # interrupted where a number is none
    tab.close()


def test_values_are_told_near_the_pointer(browser, tmp_path):
    tab = opened(browser, tmp_path, Chart(panels=[rows()]))
    place = tab.evaluate(
        """(() => { const root = document.querySelector("figure.charted svg"), box = root.getBoundingClientRect();
           const frame = frameOf(data.charts[0].panels[0], root.clientWidth);
           return [box.left + frame.x(0.5), box.top + frame.y(0)]; })()"""
    )
    tip = tab.locator(".tip")
    assert tip.is_hidden()
    tab.mouse.move(place[0] + 3, place[1] + 2)
    assert tip.is_visible() and tip.text_content() == "first: 0.5 (0.25 to 0.75)"
    tab.mouse.move(5, 5)
    assert tip.is_hidden()
    tab.close()


def test_a_drawing_can_be_saved(browser, tmp_path):
    from xml.etree import ElementTree

    tab = opened(browser, tmp_path, Chart(panels=[lines()]), scheme="dark")
    tab.hover("figure.charted svg")
    with tab.expect_download() as download:
        tab.click("figure.charted .save")
    assert download.value.suggested_filename == "script-img-src-x-onerror-alert-1-x.svg"
    text = Path(download.value.path()).read_text()
    root = ElementTree.fromstring(text)
    assert root.get("width") and "var(" not in text and "class=" not in text
    strokes = {node.get("stroke") for node in root.iter() if node.get("stroke")}
    assert "rgb(86, 180, 233)" in strokes  # the blue of a dark page
    tab.close()


def test_areas_are_drawn_between_their_curves():
    panel = Panel(marks=[Area(x=[0, 1], low=[0, 0], high=[1, 2], color=look.FOUND)])
    (area,) = drawn(Chart(panels=[panel])).axes[0].collections
    assert area.get_paths()[0].get_extents().ymax == 2


def test_a_long_sentence_shows_its_claim_first():
    from isthmus.reports.rendering import sentence_parts

    short = "95.0 % (87.5 to 100.0) are connected."
    assert sentence_parts(short) == [
        ("95.0 % ", ""),
        ("(87.5 to 100.0)", "interval"),
        (" are connected.", ""),
    ]
    long = (
        "The gap tells attacked pairs from real ones: AUROC .758 (0.677 to 0.831), and the max loss does better, "
        + "x" * 60
    )
    parts = sentence_parts(long)
    assert "".join(text for text, _ in parts) == long
    assert parts[0] == ("The gap tells attacked pairs from real ones: ", "") and parts[1][1] == "more"
    assert sentence_parts("") == []


def test_numbers_written_as_text_stand_as_numbers():
    from isthmus.findings import Table

    rows = [{"p": "0.592746", "way": "growth", "n": 3}, {"p": "1e-3", "way": None, "n": 4}]
    assert Table(name="t", title="t", columns={"p": "p", "way": "way", "n": None}, rows=rows).words() == [False, True]


def test_pictures_of_eight_bits_are_what_they_are():
    import base64
    import io

    from PIL import Image

    levels = np.arange(0, 192, 3, dtype=np.uint8).reshape(8, 8)[..., None].repeat(3, 2)
    for pixels in (levels, levels / 255):
        (made,) = in_page(Chart(panels=[rows()], pictures=[Picture(pixels=pixels, words="A")]))["pictures"]
        read = np.asarray(Image.open(io.BytesIO(base64.b64decode(made["picture"].partition(",")[2]))))
        assert np.array_equal(read, levels)
