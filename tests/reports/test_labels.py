"""Words of drawings stand on no curve and on no other words, and a page on paper is whole."""

from __future__ import annotations

import pytest
import torch
from pages import opened

from isthmus import connect
from isthmus.reports import page
from isthmus.reports.rendering import facts_of

# What stands on what: sampled along every curve of the chart, and box against box.
CROSSED = """() => {
  const chart = document.querySelector("#chart svg"), found = [];
  const words = [...chart.querySelectorAll("text")].map((each) => [each.textContent, each.getBoundingClientRect()]);
  for (const curve of chart.querySelectorAll("polyline")) {
    const place = curve.getScreenCTM();
    for (const [said, box] of words) {
      let inside = 0;
      for (let at = 0; at <= curve.getTotalLength(); at++) {
        const { x, y } = curve.getPointAtLength(at).matrixTransform(place);
        if (x > box.x + 1 && x < box.right - 1 && y > box.y + 4 && y < box.bottom - 4) inside++;
      }
      if (inside > 2) found.push(`${said} on a curve, ${inside} px`);
    }
  }
  words.forEach(([one, a], i) => words.slice(i + 1).forEach(([other, b]) => {
    const beside = a.right - 1 <= b.x || b.right - 1 <= a.x || a.bottom - 3 <= b.y || b.bottom - 3 <= a.y;
    if (!beside) found.push(`${one} on ${other}`);
  }));
  return found;
}"""


@pytest.fixture(scope="module")
def html(digits, digit_pairs):
    """Pairs of digits of which every one has a barrier, and pairs with noise, whose curves end high."""
    a, c, target = digit_pairs
    noise = torch.rand(8, *a.shape[1:], generator=torch.Generator().manual_seed(0))
    ends = torch.cat([c, noise])
    with pytest.warns(Warning, match="sees the target"):
        found = connect(digits, torch.cat([a, noise.flip(0)]), ends, torch.cat([target, target[:8]]))
    return page(found)


@pytest.mark.parametrize("width", [400, 1000])
def test_words_stand_on_no_curve_and_on_no_other_words(browser, html, tmp_path, width):
    tab = opened(browser, tmp_path, html, width=width)
    pairs = tab.locator("#table tbody tr").count()
    assert pairs == 24
    for number in range(pairs):
        tab.evaluate(f"choose({number})")
        tab.wait_for_selector(f"body[data-ready='{number}']")
        assert tab.evaluate(CROSSED) == [], number


def test_a_page_on_paper_is_whole(browser, html, tmp_path):
    tab = opened(browser, tmp_path, html, width=560)
    tab.emulate_media(media="print")
    cut = "[...document.querySelectorAll('.scroll')].filter((each) => each.scrollWidth > each.clientWidth + 1).length"
    assert tab.evaluate(cut) == 0
    for pressed in ("#csv", "#slider", "#previous", ".save", ".zooms"):
        assert not tab.locator(pressed).first.is_visible(), pressed
    assert tab.locator("#chart svg").is_visible()


@pytest.mark.parametrize(
    ("low", "high", "numbers"),
    [(-4586, 4566, [-4000, -2000, 0, 2000, 4000]), (0, 1, [0, 0.5, 1]), (0.21, 0.24, [0.21, 0.22, 0.23, 0.24])],
)
def test_an_axis_has_three_round_numbers_at_least(browser, html, tmp_path, low, high, numbers):
    tab = opened(browser, tmp_path, html)
    assert tab.evaluate(f"rounds({low}, {high})") == numbers


def test_words_are_cut_to_the_room_there_is(browser, html, tmp_path):
    tab = opened(browser, tmp_path, html)
    cut = [tab.evaluate(f"fitting('golden retriever', {room})") for room in (200, 60, 25, 5)]
    assert cut == ["golden retriever", "golden …", "go", ""]


def test_the_foot_says_versions_and_no_class_of_ours():
    said = facts_of({"landscape": "Landscape", "dtype": "torch.float32", "seed": 3, "versions": {"isthmus": "1.0"}})
    assert said == {"seed": 3, "versions": "isthmus 1.0"} and "torch" in str(facts_of({})["versions"])


def test_a_page_has_a_short_repr(html):
    assert repr(html) == f"<a page of {len(html):,} characters>"
