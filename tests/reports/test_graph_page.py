"""The pages of graphs and of surfaces, in a browser."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch

import isthmus
from isthmus.graphs.saddles import saddles_of_each
from isthmus.reports.fill_page import fill_page
from isthmus.reports.graph_figure import giant_share, graph_figure, placed
from isthmus.reports.graph_page import graph_page
from isthmus.reports.stored_pictures import Pictures

NASTY = ["<script>alert(1)</script>", "</script><b>x</b>", '"><img src=x onerror=alert(1)>', "{{ 7 * 7 }}", "a & b"]


@pytest.fixture(scope="module")
def graph(digits, digit_images):
    x, target = digit_images
    keep = ((target == 1) | (target == 9)).nonzero()[:60, 0]
    return isthmus.barrier_graph(digits, x[keep], target[keep])


@pytest.fixture(scope="module")
def places(digits, graph):
    return saddles_of_each(digits, graph, count=2)


@pytest.fixture(scope="module")
def graph_html(graph, places) -> str:
    names = [f"{NASTY[n % 5]} {n}" for n in range(len(graph))]
    classes = [f"{NASTY[n % 5]} {n}" for n in range(10)]
    return graph_page(
        graph,
        names=names,
        class_names=classes,
        title=NASTY[0],
        made={"seed": 0},
        skipped={NASTY[2]: NASTY[1]},
        saddles=places,
    )


@pytest.fixture(scope="module")
def surfaces(digits, digit_images):
    x, target = digit_images
    ones = x[target == 1]
    return isthmus.fill(digits, torch.stack([ones[:4], ones[4:8], ones[8:12]]), 1, threshold=3.0)


@pytest.fixture(scope="module")
def fill_html(surfaces) -> str:
    return fill_page(surfaces, names=[NASTY[:4]] * 3, class_names=[NASTY[0]] * 10, title=NASTY[0], made={"seed": 0})


def data_of(html: str) -> dict:
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)[1])


def test_names_from_outside_stay_text_and_nothing_is_asked_for(graph_html, fill_html):
    for html in (graph_html, fill_html):
        assert html.count("<script") == 2 and html.count("</script>") == 2
        assert "<img src=x" not in html and "&lt;script&gt;alert(1)" in html
        assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", html) and "url(" not in html
        assert "default-src 'none'" in html


def test_the_page_holds_the_graph(graph_html, graph):
    groups = data_of(graph_html)["groups"]
    assert [each["members"] for each in groups] == [int((graph.target == k).sum()) for k in (1, 9)]
    for each, target in zip(groups, (1, 9), strict=True):
        part = graph.subgraph(np.flatnonzero(graph.target.numpy() == target))
        assert sorted(edge["max"] for edge in each["edges"]) == pytest.approx(sorted(part.tree.weight))
        assert [node["loss"] for node in each["nodes"]] == pytest.approx(sorted(part.loss))
        assert sum(node["parent"] < 0 for node in each["nodes"]) == 1


def opened(browser, html: str, file):
    """A page that is ready, and what it says that it should not: errors, dialogs, requests."""
    file.write_text(html)
    page = browser.new_page(viewport={"width": 1000, "height": 800})
    said: list[str] = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("request", lambda request: said.append(request.url) if request.url.startswith("http") else None)
    page.goto(file.as_uri())
    page.wait_for_function("document.body.dataset.ready !== undefined")
    return page, said


def test_two_clicks_show_the_minimax_path(browser, graph_html, graph, tmp_path):
    page, said = opened(browser, graph_html, tmp_path / "graph.html")
    part = graph.subgraph(np.flatnonzero(graph.target.numpy() == 1))
    order = np.argsort(part.loss, kind="stable")
    page.locator("#tiles button").nth(4).click()
    assert "Choose a second input" in page.locator("#verdict").inner_text()
    page.locator("#tiles button").nth(len(order) - 1).click()
    steps = page.locator("#chain .tile").count()
    assert steps == 2 * len(part.route(int(order[4]), int(order[-1]))) - 1
    minimax = part.minimax(int(order[4]), int(order[-1]))
    shown = float(re.search(r"Minimax ([0-9.e-]+),", page.locator("#verdict").inner_text())[1])
    assert shown == pytest.approx(minimax, rel=0.06)
    page.select_option("#group", "1")
    assert "9" in page.locator("#class").inner_text()
    assert page.locator("#tree circle").count() == len(graph) - len(part)
    page.locator("#tree circle").nth(3).click()
    page.locator("#tree circle").nth(5).click()
    assert page.evaluate("location.hash") == "#path-1-3-5"
    for width in (400, 1600):
        page.set_viewport_size({"width": width, "height": 800})
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert said == []
    page.close()


def test_narrow_places_lead_to_their_paths(browser, graph_html, graph, places, tmp_path):
    assert {int(graph.target[each.i]) for each in places} <= {1, 9} and len(places) >= 1
    page, said = opened(browser, graph_html, tmp_path / "graph.html")
    for group, target in enumerate((1, 9)):
        page.select_option("#group", str(group))
        own = [each for each in places if int(graph.target[each.i]) == target]
        assert page.locator("#saddles button").count() == len(own)
        assert page.locator("#no-saddles").is_visible() == (not own)  # which is told, too
        assert page.locator("#some-saddles").is_visible() == bool(own)
        for number, each in enumerate(own):
            place = page.locator("#saddles button").nth(number)
            assert f"Holds {each.sizes[0]} inputs to the other {each.sizes[1]}." in place.inner_text()
            assert place.locator("img").count() == 5
            place.click()
            assert (
                f"{each.i}" in page.locator("#ends").inner_text() and f"{each.j}" in page.locator("#ends").inner_text()
            )
            assert page.locator("#chain .tile").count() == 3  # an edge of the tree is its own minimax path
    page.set_viewport_size({"width": 400, "height": 800})
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert said == []
    page.close()


def test_cells_of_a_proof_are_told_where_one_points(browser, digits, surfaces, tmp_path):
    corners = torch.stack([each.surface.corners for each in surfaces[:2]])
    proven = isthmus.fill(digits, corners, 1, threshold=3.0, verify=isthmus.TaylorModels())
    html = fill_page(proven, names=[list("abcd")] * 2)
    page, said = opened(browser, html, tmp_path / "proven.html")
    assert "proven at every point" in page.locator(".cards").inner_text()
    assert "Proven: no loss above" in page.locator("#verdict").inner_text()
    told = page.locator("#now-after").inner_text()
    bound = float(re.search(r"at most ([0-9.e-]+)", told)[1])
    cells = proven[0].certificate.cells
    inside = ((cells.low <= 0.5) & (cells.high >= 0.5)).all(1)
    assert bound in [pytest.approx(float(value), rel=0.02) for value in cells.upper[inside]]
    assert float(re.search(r"loss ([0-9.e-]+)", told)[1]) <= bound
    assert "at most" not in page.locator("#now-before").inner_text() and said == []
    page.close()


def test_a_surface_is_walked_over(browser, fill_html, surfaces, tmp_path):
    page, said = opened(browser, fill_html, tmp_path / "fill.html")
    page.locator("#table tbody tr").nth(2).click()
    page.wait_for_function("document.body.dataset.ready === '2'")
    page.locator("#name").click()  # in the table the keys are the table's
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowUp")
    assert page.input_value("#u") == "600" and page.input_value("#v") == "600"
    page.locator("#u").fill("0")
    page.locator("#v").fill("0")
    shown = float(page.locator("#now-after").inner_text().split()[1])
    at_corner = surfaces[2].seen.loss[(surfaces[2].seen.u == 0) & (surfaces[2].seen.v == 0)]
    assert shown == pytest.approx(float(at_corner[0]), rel=0.02, abs=2e-6)
    pixel = page.evaluate("[...document.getElementById('image-found').getContext('2d').getImageData(3, 3, 1, 1).data]")
    assert pixel[0] == pytest.approx(float(surfaces[2].surface.corners[0, 0, 3, 3]) * 255, abs=1.5)
    for width in (400, 1600):
        page.set_viewport_size({"width": width, "height": 800})
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert said == []
    page.close()


def test_figures_stand_where_the_tree_says(graph):
    part = graph.subgraph(np.flatnonzero(graph.target.numpy() == 1))
    place = placed(part)
    assert sorted(place.x) == list(range(len(part)))
    joined = place.parent >= 0
    assert sorted(place.level[joined]) == pytest.approx(sorted(part.tree.weight))
    assert (part.loss[joined] >= part.loss[place.parent[joined]]).all()
    assert len(graph_figure(part).axes) >= 3
    axes = part.plot()
    assert axes.get_ylabel() == "loss (nats)"


def test_the_giant_component_solves_its_equation():
    assert giant_share(0.9) == giant_share(1.0) == 0
    for degree in (1.2, 2.0, 5.0):
        share = giant_share(degree)
        assert share == pytest.approx(1 - np.exp(-degree * share)) and share > 0


def test_pictures_are_stored_once():
    store = Pictures(64)
    x = torch.rand(1, 8, 8)
    assert store.add(x) == store.add(x.clone()) == 0
    assert store.add(1 - x) == 1 and len(store.urls) == 2


def test_surfaces_draw_themselves(surfaces):
    axes = surfaces[0].plot()
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("u", "v")
