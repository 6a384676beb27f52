"""Displays in notebooks: complete, self-contained, and silent outside of themselves."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest
import torch
from PIL import Image

import isthmus
from isthmus.paths import Flat
from isthmus.profiles import grid_map
from isthmus.reports.displays import Line, bands, chart, display_of, facts, table
from isthmus.reports.displays.chart import _nice, _tick, _ticks

NASTY = "<script>alert(1)</script> & \"'> \x1b[31m"
VOID = {"img", "input", "br"}


class Balanced(HTMLParser):
    """Whether every element is closed, in order; the elements and the attributes that were met."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.words = ""
        self.feed(html)
        self.close()
        assert not self.open, self.open

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data


def read(value: object) -> Balanced:
    """The display of something, checked for what holds of all of them."""
    html = value._repr_html_()
    seen = Balanced(html)
    # Nothing that reaches the notebook around it, or anything outside of it; nothing that runs.
    assert not seen.tags & {"script", "style", "link", "iframe", "object", "meta", "html", "body"}
    for name, text in seen.attributes:
        assert not name.startswith("on") and name not in ("class", "id", "href"), name
        assert name != "src" or text.startswith(("data:image/png;base64,", "data:image/jpeg;base64,"))
    assert "url(" not in html and len(html) < 200_000
    # Light and dark: text has no colour of its own, and no ground is painted under it.
    styles = [text for name, text in seen.attributes if name == "style"]
    assert not any(re.search(r"background(-color)?:(?!transparent)", style) for style in styles)
    assert "\x1b" not in html
    return seen


@pytest.fixture(scope="module")
def eights(digit_images):
    x, y = digit_images
    return x[y == 8][:16]


@pytest.fixture(scope="module")
def found(digits, digit_pairs):
    return isthmus.connect(digits, *digit_pairs)


@pytest.fixture(scope="module")
def everything(digits, digit_images, eights, found, tmp_path_factory):
    """One of every kind of result."""
    from isthmus.studies import Study

    folder = tmp_path_factory.mktemp("study")
    text = (
        'title = "Some digits"\n[images.digits]\nsource = "digits"\n[networks.trained]\nspec = "digits"\n'
        '[[pairs]]\nkind = "within"\nper_class = 1\n'
    )
    study = Study.create(folder / "study", text)
    study.run(device="cpu")
    x, y = digit_images
    path = found[0].path
    filled = isthmus.fill(digits, eights[None, :4], 8)
    certified = isthmus.connect(digits, eights[:1], eights[1:2], 8, verify=isthmus.AffinePieces())
    flat = Flat.through(eights[:3])
    return {
        "network": digits.network,
        "landscape": digits,
        "polyline": path,
        "bezier": isthmus.Bezier(eights[:3]),
        "profile": found[0].profile,
        "exact profile": isthmus.exact_profile(digits, path, found[0].target),
        "connection": found[0],
        "certified": certified[0],
        "connections": found,
        "certificate": certified[0].certificate,
        "graph": isthmus.barrier_graph(digits, x[:60], y[:60]),
        "filling": filled[0],
        "fillings": filled,
        "surface": filled[0].surface,
        "attribution": isthmus.attribute(digits, path, "predicted"),
        "attacked": isthmus.attack(digits, eights[:2], 3),
        "synthesized": isthmus.synthesize(digits, [3, 5]),
        "map": grid_map(digits, flat, 8, [torch.linspace(0, 1, 5)] * 2),
        "study": study,
        "results": study.results,
        "summary": study.results.summary(),
    }


def test_every_kind_of_result_has_one_of_its_own(everything):
    seen = {name: read(value).words for name, value in everything.items()}
    for name, words in seen.items():
        assert "object at 0x" not in words and len(words) > 10, name
    assert "22,426 weights" in seen["network"] and "1 × 8 × 8" in seen["network"]
    assert "forward-equivalents" in seen["landscape"]
    assert f"max loss{everything['profile'].max_loss:.3g} at t" in seen["profile"]
    assert "Certificate (pieces): no loss above" in seen["certificate"]
    assert "no loss above" in seen["certified"]
    assert "10 of 10 pairs solved" in seen["study"] and "trained" in seen["results"]
    assert seen["results"] == seen["summary"]
    assert "5 × 5 points" in seen["map"] and "inside the domain" in seen["map"]


def test_texts_are_one_line(everything):
    for name, value in everything.items():
        text = repr(value)
        assert "\n" not in text and len(text) < 400, name
        assert "object at 0x" not in text, name


def test_a_connection_shows_what_matters(found):
    seen = read(found[0])
    assert f"{found[0].target}: connected" in seen.words
    assert all(word in seen.words for word in ("B′ − B", "threshold", "direct path", "path found", "kept all along"))
    assert f"{found[0].direct.max_loss:.3g} direct, {found[0].profile.max_loss:.3g} on the path found" in seen.words
    pictures = [text for name, text in seen.attributes if name == "src"]
    assert len(pictures) == 5
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(pictures[0].partition(",")[2]))))
    expected = (found[0].path.at(0.0)[0] * 255).round().numpy()
    assert np.array_equal(shown[..., 0], expected)


def test_connections_are_listed_by_their_barriers(found):
    words = read(found).words
    assert f"{sum(pair.connected for pair in found)} of {len(found)} pairs connected" in words
    assert "The highest of 16" in words and "The highest" not in read(found[:3]).words
    assert "No pairs" in read(found[:0]).words


def test_names_from_outside_stay_text(found, digits):
    pair = replace(found[0], class_names={found[0].target: NASTY})
    words = read(pair).words
    assert "<script>alert(1)</script>" in words
    network = isthmus.Network(digits.network.model, name=NASTY, class_names=[NASTY] * 10, input_shape=(1, 8, 8))
    assert "<script>" in read(network).words
    assert "<script>" in read(isthmus.Landscape(network)).words
    Balanced(facts({NASTY: NASTY}) + table([NASTY], [[NASTY]]))


def test_numbers_that_are_none_are_said(found):
    pair = found[0]
    nothing = replace(pair.profile, loss=torch.full_like(pair.profile.loss, torch.nan))
    broken = replace(pair, profile=nothing, outcome=isthmus.Outcome.NOT_FINITE)
    assert "not a number" in read(broken).words and "nan" not in read(broken).words
    both = replace(broken, direct=nothing)
    assert "no number to draw" in read(both).words
    assert "not a number" in read(type(found)((broken,), {})).words
    assert "not a number" in read(nothing).words


@pytest.mark.parametrize("shape", [(3,), (1, 5), (2, 3), (4, 6, 6), (5, 6, 6), (3, 300, 200), (2, 3, 4, 5)])
def test_inputs_of_any_shape(shape):
    path = isthmus.Polyline(torch.rand(3, *shape))
    assert "t = 1.00" in read(path).words
    assert path.plot() is not None
    import matplotlib.pyplot as plt

    plt.close("all")


def test_a_tree_too_large_to_draw_is_left_out(everything, monkeypatch):
    from isthmus.reports.displays import wholes

    assert "svg" in read(everything["graph"]).tags
    monkeypatch.setattr(wholes, "MOST_STEMS", 10)
    assert "svg" not in read(everything["graph"]).tags


def test_curves_lie_where_they_should():
    html = chart([Line(x=[0.0, 1.0, 2.0, 3.0], y=[4.0, float("nan"), 5.0, 10.0], name="one")], level=(4.6, "level"))
    way = re.search(r'<path d="(M[^"]*)" fill="none" stroke="currentColor" stroke-width="2"', html)[1]
    assert way.count("M") == 2 and way.count("L") == 1  # interrupted where there is no number
    heights = [float(point.split()[1]) for point in re.split("[ML]", way)[1:]]
    (level,) = [float(y) for y in re.findall(r'y1="([\d.]+)" y2="[\d.]+" stroke="currentColor" stroke-dash', html)[:1]]
    assert heights[0] > level > heights[1] > heights[2]  # downwards on the screen
    assert level == pytest.approx(heights[0] + 0.1 * (heights[2] - heights[0]), abs=0.2)
    assert "one" in html and "level" in html


def test_axes_have_round_numbers():
    assert _nice(0.0, 1.0, 5) == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert _nice(-3.0, 7.0, 4) == [0.0, 5.0]
    assert _ticks(-6.2, 0.3, True) == [1e-6, 1e-4, 1e-2, 1.0]
    assert [_tick(v) for v in (0, 0.001, 1e-4, 2.5, 1e6)] == ["0", "0.001", "1e-4", "2.5", "1e6"]


def test_a_level_far_above_leaves_the_curves_their_room():
    html = chart([Line(x=[0.0, 1.0], y=[1e-5, 2e-5], name="loss")], level=(50.0, "threshold"))
    assert "threshold (50, far above)" in html


def test_bands_say_their_class():
    html = bands([("class", 1.0, [(0.0, 0.5, "a cat", "#fff"), (0.5, 0.51, "a dog", "#000")])])
    assert html.count("a cat") == 2 and html.count("a dog") == 1  # narrow ones as a hint only


def test_what_has_no_display_shows_its_text():
    assert "[1, 2]" in display_of([1, 2])


def test_a_display_of_ones_own():
    class Own:
        pass

    display_of.register(Own)(lambda value: "<b>own</b>")

    assert display_of(Own()) == "<b>own</b>"


def test_every_outcome_of_surfaces_is_counted(digits, eights):
    filled = isthmus.fill(digits, eights[:8].reshape(2, 4, 1, 8, 8), 8)
    bad = replace(filled[1], outcome=type(filled[1].outcome).NOT_FINITE)
    words = read(type(filled)((filled[0], bad), filled.description)).words
    assert "filled already by the plain surface" in words and "not finite" in words


@pytest.mark.parametrize("values", [[1e17, 1e17], [-1e308, 1e308], [0.0, 0.0], [5e-324, 1.0]])
def test_charts_of_extreme_numbers(values):
    html = chart([Line(x=[0.0, 1.0], y=values, name="loss")])
    assert "span too much" in html or "<path" in html


def test_slices_of_a_volume_are_no_colours():
    from isthmus.reports.pictures import to_pixels

    pixels = to_pixels(torch.rand(1, 4, 5, 6))
    assert pixels.shape == (5, 24, 3)


def test_images_that_were_read_are_shown_by_folder(tmp_path):
    for folder in ("cats", "dogs"):
        (tmp_path / folder).mkdir()
        for number in range(3):
            Image.new("RGB", (8, 6), (number * 40, 0, 0)).save(tmp_path / folder / f"{number}.png")
    (tmp_path / "dogs" / "broken.png").write_bytes(b"none")
    found = isthmus.load_images(tmp_path)
    shown = Balanced(display_of(found))
    assert "6 images of shape (3, 6, 8), in 2 folders" in shown.words and "cats" in shown.words
    assert "1 file" in shown.words and "broken.png" in shown.words
    alone = isthmus.load_images(tmp_path / "cats")
    assert "in 1 folder" in Balanced(display_of(alone)).words and "1.png" in display_of(alone)
    assert repr(alone).endswith("in 1 folder)")


def test_a_profile_names_its_classes(digits):
    network = isthmus.Network(digits.network.model, input_shape=(1, 8, 8), class_names=[f"<{k}>" for k in range(10)])
    ends = torch.zeros((2, 1, 8, 8)) + torch.tensor([0.0, 0.5])[:, None, None, None]
    shown = display_of(isthmus.profile(isthmus.Landscape(network), isthmus.Polyline(ends), 3))
    assert "Profile for &lt;3&gt;" in shown and "class 3" not in shown
