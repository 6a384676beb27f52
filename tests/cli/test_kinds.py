"""Tables, sound and text on the command line, in studies, on pages and in displays."""

from __future__ import annotations

import json
import re

import pytest
from kinds_of_inputs import NETWORKS, write

import isthmus
from isthmus.reports import page, strip_figure
from isthmus.studies import Study

KINDS = tuple(NETWORKS)


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def spec(kind):
    return f"py:kinds_of_inputs:{NETWORKS[kind].__name__}"


def test_pairs_of_a_file_or_folder(program, kind, spec, tmp_path):
    source = write(kind, tmp_path)
    ran = program("connect", "--inputs", source, "--network", spec, "--pairs-per-class", 2, "--out", tmp_path / "run")
    assert ran.code == 0, ran.err
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert len(result["rows"]) == 4 and {row["target_name"] for row in result["rows"]} == set(
        NETWORKS[kind]().class_names
    )
    assert (tmp_path / "run" / "pairs" / "0" / "strip.png").stat().st_size > 5000
    assert "stay low through" in ran.out and "kept_connected" in result["rows"][0]
    again = isthmus.Connections.load(tmp_path / "run")
    assert again[0].input_kind.name == kind


def test_one_pair_by_what_a_user_types(program, kind, spec, tmp_path):
    source = write(kind, tmp_path)
    network = NETWORKS[kind]()
    landscape = isthmus.Landscape(network)
    found = network.input_kind.open(source)
    seen = [int(landscape.logits(found.read(k, network.input_kind)[None]).argmax()) for k in range(len(found))]
    first, second = [k for k in range(len(seen)) if seen[k] == 1][:2]
    names = {
        "table": lambda k: f"{source}:{k}",
        "series": lambda k: source / found.names[k],
        "tokens": lambda k: found.texts[k],
    }[kind]
    ran = program("connect", names(first), names(second), "--network", spec, "--out", tmp_path / "run")
    assert ran.code == 0, ran.err
    assert json.loads((tmp_path / "run" / "result.json").read_text())["rows"][0]["target"] == 1


def test_a_list_of_pairs(program, kind, spec, tmp_path):
    source = write(kind, tmp_path)
    names = {
        "table": ("table.csv:0", "table.csv:1"),
        "series": ("waves/low/00.wav", "waves/low/02.wav"),
        "tokens": ("a good film", "great film"),
    }[kind]
    (tmp_path / "pairs.csv").write_text("a,c,target\n{},{},1\nnowhere.wav:x,{},1\n".format(*names, names[0]))
    ran = program("connect", "--pairs", tmp_path / "pairs.csv", "--network", spec, "--out", tmp_path / "run")
    assert source.exists() and ran.code == 0, ran.err
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert len(result["rows"]) == (2 if kind == "tokens" else 1)  # any words are a text
    assert len(result["skipped"]) == (0 if kind == "tokens" else 1)


def test_other_commands(program, kind, spec, tmp_path):
    source = write(kind, tmp_path)
    ran = program("graph", source, "--network", spec, "--out", tmp_path / "graph")
    assert ran.code == 0, ran.err
    ran = program("attack", source, "--network", spec, "--method", "pgd-l2", "--limit", 3, "--out", tmp_path / "made")
    assert ran.code == 0, ran.err
    ending = {"table": ".csv", "series": ".wav", "tokens": ".txt"}[kind]
    rows = json.loads((tmp_path / "made" / "result.json").read_text())["rows"]
    assert all(row["file"].endswith(ending) and (tmp_path / "made" / row["file"]).is_file() for row in rows)
    ran = program("synthesize", "--target", 1, "--count", 2, "--network", spec, "--out", tmp_path / "new")
    assert ran.code == 0, ran.err


def test_a_study(kind, spec, tmp_path):
    source = write(kind, tmp_path)
    text = (
        f'title = "a study"\n[inputs.some]\nsource = "{source}"\n'
        f'[networks.network]\nspec = "{spec}"\ninputs = ["some"]\n'
        '[[pairs]]\nkind = "within"\nper_class = 3\n[[pairs]]\nkind = "across"\nper_class = 2\n[shards]\npaths = true\n'
    )
    study = Study.create(tmp_path / "study", text)
    study.run()
    (within, _) = study.results.summary().groups
    assert within.counted == 6
    shown = study.results.connections([0, 1])
    assert shown[0].input_kind.name == kind
    if kind == "tokens":
        assert shown[0].input_kind.vocabulary is not None
    study.run(resume=True)  # the fingerprint is the same


def some(kind, tmp_path):
    import torch

    network = NETWORKS[kind]()
    found = network.input_kind.open(write(kind, tmp_path))
    x = torch.stack([found.read(k, network.input_kind) for k in range(len(found))])
    landscape = isthmus.Landscape(network)
    x = x[landscape.logits(x).argmax(1) == 1]
    half = min(len(x) // 2, 4)
    return landscape, isthmus.connect(landscape, x[:half], x[half : 2 * half], 1, threshold=1e-6)


def test_the_page_shows_places_instead_of_blends(kind, tmp_path):
    _, found = some(kind, tmp_path)
    data = json.loads(re.search(r'id="data"[^>]*>(.*?)</script>', page(found), re.DOTALL)[1])
    path = data["pairs"][0]["direct"]
    assert len(path["places"]) == len(path["pictures"]) == len(path["readings"]) > 9
    assert path["places"][0] == 0 and path["places"][-1] == 1
    assert all(url.startswith("data:image/png") for url in data["pictures"])
    words = {"table": "features changed", "series": "changed by", "tokens": "nearest tokens"}[kind]
    assert words in path["readings"][-1]


def test_figures_and_displays(kind, tmp_path):
    landscape, found = some(kind, tmp_path)
    pair = max(found, key=lambda each: each.rounds)
    figure = strip_figure(pair)
    titles = " ".join(axes.get_title(loc="left") for axes in figure.axes)
    assert {"table": "age", "series": "t = 0.00", "tokens": ""}[kind] in titles and figure._suptitle.get_text()
    shown = pair._repr_html_()
    assert "168px" in shown and "<script" not in shown
    assert landscape.network.input_kind.about().partition(",")[0] in landscape.network._repr_html_()
    assert found.plot() is not None and pair.path.plot() is not None
