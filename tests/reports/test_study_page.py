from __future__ import annotations

import dataclasses
import json
import re

import pytest

from isthmus import BarrierBypass, IsthmusError, connect
from isthmus.reports import (
    ShownPair,
    StudyReport,
    barriers_figure,
    read_paper_samples,
    study_page,
    write_study_report,
)
from isthmus.studies import Estimate, Group, StudySummary

NASTY = "</script><img src=x onerror=alert(1)>"


def group(network: str, kind: str, target: int | None = None, **change) -> Group:
    some = Estimate(0.6, 0.5, 0.7)
    quantiles = (0.0, 0.01, 0.1, 1.0, 5.0)
    names = ("direct_gap", "gap", "direct_max_loss", "max_loss")
    plain = Group(
        network=network,
        inputs="i",
        kind=kind,
        target=target,
        target_name=None if target is None else f"{NASTY} {target}",
        pairs=100,
        not_finite=1,
        unreadable=2,
        not_made=0,
        connected_after=(some, Estimate(0.9, 0.85, 0.95)),
        class_connected=some,
        quantiles=dict.fromkeys(names, quantiles),
        medians=dict.fromkeys(names, some),
        deviation=some,
        cost=56.0,
        outcomes={"connected": 97},
    )
    return dataclasses.replace(plain, **change)


def summary(classes: int = 3) -> StudySummary:
    groups = (group("one", "within"), group(NASTY, "across"))
    every = [group(g.network, g.kind, target) for g in groups for target in range(classes)]
    return StudySummary(groups=groups, classes=tuple(every), set_aside=1)


@pytest.fixture(scope="module")
def shown(digits, digit_pairs) -> list[ShownPair]:
    found = connect(digits, *(part[:3] for part in digit_pairs), method=BarrierBypass())
    return [
        ShownPair(number=100 + n, connection=pair, names=(NASTY, "c"), class_names=None, group="one, i, within", rank=r)
        for n, (pair, r) in enumerate(zip(found, ("best", "median", "worst"), strict=True))
    ]


def data_of(html: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)[1])


def test_the_page_tells_the_summary_and_trusts_no_text(shown):
    report = StudyReport(
        title=NASTY, summary=summary(), planned=300, shown=shown, skipped=[("i", NASTY, "broken")], config=NASTY
    )
    html = study_page(report)
    assert NASTY not in html and html.count("<script") == 2
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", html)
    data = data_of(html)
    assert [g["after"][1][0] for g in data["groups"]] == [0.9, 0.9]
    assert len(data["classRows"]) == 6 and data["first"] == 2
    assert "200 pairs" not in html and "of 300" in html
    assert "60.0 %" in html and "90.0 %" in html  # of the pairs within classes


def test_the_page_stays_small_whatever_the_number_of_classes(shown):
    html = study_page(StudyReport(title="t", summary=summary(classes=15_000), planned=9, shown=shown))
    assert len(html) < 10_000_000
    assert "18000 rows are left out here" in html and len(data_of(html)["classRows"]) == 12_000


def test_nothing_measured_is_no_error(tmp_path):
    nan = Estimate(float("nan"), float("nan"), float("nan"))
    lost = group("one", "within", connected_after=(nan,), class_connected=nan, not_finite=50, unreadable=50)
    names = lost.quantiles
    lost = dataclasses.replace(
        lost, quantiles=dict.fromkeys(names, (float("nan"),) * 5), medians=dict.fromkeys(names, nan)
    )
    write_study_report(
        StudyReport(title="t", summary=StudySummary(groups=(lost,), classes=(), set_aside=0), planned=1), tmp_path
    )
    assert "NaN" not in (tmp_path / "index.html").read_text()


def test_a_report_replaces_a_report_and_nothing_else(tmp_path):
    report = StudyReport(title="t", summary=summary(), planned=200)
    write_study_report(report, tmp_path)
    first = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    assert set(first) == {
        "index.html", "barriers.png", "barriers.svg", "classes.csv", "result.json", "manifest.json"
    }  # fmt: skip
    write_study_report(report, tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == first
    assert len((tmp_path / "classes.csv").read_text().splitlines()) == 7
    (tmp_path / "thesis.doc").write_text("mine")
    write_study_report(report, tmp_path)
    assert (tmp_path / "thesis.doc").read_text() == "mine"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.doc").write_text("mine")
    with pytest.raises(IsthmusError, match="no earlier run of this kind"):
        write_study_report(report, tmp_path / "other")


def test_the_papers_own_sample(tmp_path):
    file = tmp_path / "my_within.csv"
    file.write_text("Class,Loss1,Loss2,Max Interpolated Loss\n0,0.1,0.2,1.2\n1,0.3,0.1,0.3\n2,0.0,nan,1\n")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    (sample,) = read_paper_samples(tmp_path)
    assert sample.label == "Vrabel et al. 2025, within"
    assert sample.gap == pytest.approx((1.0, 0.0)) and sample.max_loss == (1.2, 0.3)
    assert sample.quantiles()["direct_gap"][2] == pytest.approx(0.5)
    assert "Vrabel et al. 2025, within" in study_page(
        StudyReport(title="t", summary=summary(), planned=1, paper=[sample])
    )
    with pytest.raises(IsthmusError, match="Max Interpolated Loss"):
        read_paper_samples(tmp_path / "other.csv")
    file.write_text("Class,Loss1,Loss2,Max Interpolated Loss\n0,x,0.2,1.2\n")
    with pytest.raises(IsthmusError, match="cannot be read"):
        read_paper_samples(tmp_path)


def test_the_papers_medians(assets):
    samples = {sample.label.split(", ")[1]: sample for sample in read_paper_samples(assets / "paper")}
    within, adversarial = samples["within"], samples["adversarial"]
    assert (len(within.gap), len(adversarial.gap)) == (606, 608)
    assert sum(within.gap) / 606 == pytest.approx(1.02, abs=0.01)
    assert sum(adversarial.gap) / 608 == pytest.approx(5.18, abs=0.01)


def test_the_figure_draws_every_group_and_sample(tmp_path):
    (tmp_path / "w.csv").write_text("Loss1,Loss2,Max Interpolated Loss\n0.1,0.2,1.2\n0.3,0.1,0.7\n")
    figure = barriers_figure(summary().groups, paper=read_paper_samples(tmp_path), note="n = 200")
    left, right = figure.axes
    labels = [label.get_text() for label in left.get_yticklabels()]
    assert len(labels) == 3 and "one, within" in labels[0] and "2 pairs" in labels[2]
    assert left.get_xscale() == "log" and "nats" in right.get_xlabel()


def test_in_a_browser(browser, tmp_path, shown):
    write_study_report(StudyReport(title=NASTY, summary=summary(), planned=200, shown=shown), tmp_path / "some")
    write_study_report(StudyReport(title="no pairs", summary=summary(), planned=200), tmp_path / "none")
    for width in (400, 1600):
        tab = browser.new_page(viewport={"width": width, "height": 900})
        trouble: list[str] = []
        tab.on("pageerror", lambda error, trouble=trouble: trouble.append(str(error)))
        tab.on("console", lambda message, trouble=trouble: trouble.append(message.text))
        tab.goto((tmp_path / "some" / "index.html").as_uri())
        tab.wait_for_selector("body[data-ready='2']", timeout=20_000)  # begins at the worst pair of the first group
        assert tab.locator("#shares rect").count() >= 6 and tab.locator("#box-gap rect").count() == 4
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        tab.locator("#group").select_option("1")
        tab.locator("#classes thead button").nth(1).click()
        assert tab.locator("#classes tbody tr").count() == 3
        assert tab.locator("#verdict").inner_text().startswith("one, i, within, worst: ")
        assert tab.locator("#strip img").get_attribute("src").startswith("data:image/jpeg")
        tab.locator("#previous").click()
        tab.wait_for_selector("body[data-ready='1']", timeout=20_000)
        assert tab.locator("#name").inner_text().startswith("Pair 101: ")
        tab.goto((tmp_path / "none" / "index.html").as_uri())
        tab.wait_for_selector("body[data-ready='none']", timeout=20_000)
        assert trouble == []
        tab.close()


@pytest.mark.parametrize("width", [400, 1000])
def test_words_of_its_drawings_do_not_stand_on_one_another(browser, tmp_path, width):
    (tmp_path / "index.html").write_text(study_page(StudyReport(title="t", summary=summary(), planned=200)))
    tab = browser.new_page(viewport={"width": width, "height": 900})
    tab.goto((tmp_path / "index.html").as_uri())
    tab.wait_for_selector("#shares svg text")
    found = tab.evaluate(
        """["shares", "box-gap", "box-max"].map((id) => {
             const place = (node) => {
               const b = node.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom];
             };
             const root = document.getElementById(id).firstElementChild;
             return [place(root), [...root.querySelectorAll("text.faint")].map(place)];
           })"""
    )
    for (_, _, _, bottom), words in found:
        assert len(words) >= 4
        for number, one in enumerate(words):
            assert one[3] <= bottom + 2  # what is below the drawing begins there
            for other in words[:number]:
                apart = one[0] >= other[2] - 1 or other[0] >= one[2] - 1
                assert apart or one[1] >= other[3] - 4 or other[1] >= one[3] - 4, (one, other)
    tab.close()
