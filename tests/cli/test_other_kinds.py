"""Commands that make something of single inputs, on rows, waves and texts."""

from __future__ import annotations

import csv
import json

import pytest
import torch
from kinds_of_inputs import row_network, rows, text_network, wave_network, waves

import isthmus
from isthmus.attributions import Attribution
from isthmus.reports.displays import display_of


@pytest.fixture
def given(tmp_path, monkeypatch):
    """Two inputs of one class of each kind, as a user types them, and the specs of their networks."""
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "nets_of_kinds.py").write_text(
        "import kinds_of_inputs as k\ntable = lambda: k.row_network()\nseries = lambda: k.wave_network()\n"
        "tokens = lambda: k.text_network()\n"
    )
    columns = rows(30)
    with (tmp_path / "rows.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    x, _ = waves(4)
    for number in (1, 3):
        wave_network().input_kind.write(x[number], tmp_path / f"{number}")
    return {
        "table": [f"{tmp_path}/rows.csv:{number}" for number in (1, 3)],
        "series": [str(tmp_path / "1.wav"), str(tmp_path / "3.wav")],
        "tokens": ["a good film", "the plot was fine"],
    }


@pytest.mark.parametrize("kind", ["table", "series", "tokens"])
def test_attributions_go_by_names(program, tmp_path, given, kind):
    out = tmp_path / "out"
    ran = program("attribute", *given[kind], "--target", "1", "--network", f"py:nets_of_kinds:{kind}", "--out", out)
    assert ran.code == 0, ran.err
    result = json.loads((out / "result.json").read_text())
    change = result["end_logit"] - result["start_logit"]
    drawn = (out / "attribution.svg").read_text()
    if kind == "series":
        assert result["named"] is None and "share of the change" in drawn
        return
    names = [name for name, _ in result["named"]]
    assert sum(value for _, value in result["named"]) == pytest.approx(change, abs=1e-2 * abs(change) + 1e-6)
    if kind == "table":
        assert {name.split(" = ")[0] for name in names} == {"age", "income", "work"}
        sizes = [abs(value) for _, value in result["named"]]
        assert sizes == sorted(sizes, reverse=True) and names[0] in drawn
    else:
        assert names == ["the", "plot", "was", "fine", "filler (2)"] and "filler (2)" in drawn


@pytest.mark.parametrize("kind", ["table", "series", "tokens"])
def test_attacked_and_filled_as_their_network_takes_them(program, tmp_path, given, kind):
    four = [*given[kind], *reversed(given[kind])]
    ran = program(
        "fill", *four, "--target", "1", "--finest", 5, "--network", f"py:nets_of_kinds:{kind}", "--out", tmp_path / "f"
    )
    assert ran.code == 0, ran.err
    assert len(json.loads((tmp_path / "f" / "result.json").read_text())["rows"]) == 1


@pytest.mark.parametrize("kind", ["table", "tokens", "series"])
def test_the_verdict_on_an_attack_is_about_the_files_that_it_writes(program, tmp_path, given, kind):
    sources = tmp_path / "rows.csv"
    if kind == "tokens":
        sources = tmp_path / "texts.txt"
        sources.write_text("a good film\nthe plot was fine\nawful film\na bad plot\ngreat\nboring film\n")
    if kind == "series":
        (sources := tmp_path / "waves").mkdir()
        for number, wave in enumerate(waves(8)[0]):
            wave_network().input_kind.write(wave, sources / f"{number}")
    out = tmp_path / "attacked"
    spec = f"py:nets_of_kinds:{kind}"
    ran = program("attack", sources, "--network", spec, "--method", "pgd-linf", "--epsilon", "0.6", "--out", out)
    assert ran.code == 0, ran.err
    network = {"table": row_network, "tokens": text_network, "series": wave_network}[kind]()
    rows = json.loads((out / "result.json").read_text())["rows"]
    names = {"table": "rows with whole numbers", "tokens": "texts", "series": "16-bit sound"}
    assert names[kind] in ran.out and len(rows) >= 4
    suffix = {"table": ".csv:0", "tokens": ".txt", "series": ".wav"}[kind]
    read = [network.input_kind.read(str((out / row["file"]).with_suffix("")) + suffix) for row in rows]
    seen = network.logits(torch.stack(read)).argmax(1).tolist()
    names_of = network.class_names or ["0", "1"]
    moved = [
        names_of[index] != row["class_before"] and str(index) != row["class_before"]
        for index, row in zip(seen, rows, strict=True)
    ]
    assert moved == [row["success_8bit"] for row in rows]
    assert any(row["success"] for row in rows)


def test_the_plane_through_three_rows(program, tmp_path, given):
    three = [f"{tmp_path}/rows.csv:{number}" for number in (1, 3, 5)]
    arguments = (
        "paper",
        "decision-map",
        "--inputs",
        *three,
        "--network",
        "py:nets_of_kinds:table",
        "--out",
        tmp_path / "plane",
    )
    assert program(*arguments).code == 0
    assert "rows.csv:5" in (tmp_path / "plane" / "index.html").read_text()


def test_displays_say_names():
    network = text_network()
    landscape = isthmus.Landscape(network)
    ends = torch.cat([network.embed(["a bad film"]), network.embed(["a good film"])])
    found = isthmus.attribute(landscape, isthmus.Polyline(ends), "good")
    assert isinstance(found, Attribution) and [name for name, _ in found.named()][:3] == ["a", "good", "film"]
    most = max(found.named(), key=lambda each: abs(each[1]))
    assert most[0] == "good" and "good" in display_of(found) and "<img" not in display_of(found)
    found.plot()


def test_rows_attribute_a_whole_category():
    network = row_network()
    table = network.input_kind
    x = table.encode({"age": [60, 30], "income": [2e4, 8e4], "work": ["farm", "office"]})
    found = isthmus.attribute(isthmus.Landscape(network), isthmus.Polyline(x), "good", exact=True)
    named = dict(found.named())
    assert set(named) == {"age = 30 years", "income = 80000", "work = office"}
    assert sum(named.values()) == pytest.approx(found.change, abs=1e-6)
    places = dict(zip(table.names, table.places, strict=True))
    work = next(value for name, value in named.items() if name.startswith("work"))
    assert work == pytest.approx(float(found.values[places["work"]].sum()))


def test_three_images_of_other_sizes_are_one_line(program, tmp_path):
    from PIL import Image

    (tmp_path / "nets_of_any_size.py").write_text(
        "import torch\n\n\ndef any_size():\n"
        "    layers = torch.nn.Conv2d(3, 4, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()\n"
        "    return torch.nn.Sequential(*layers)\n"
    )
    files = []
    for number, size in enumerate(((9, 9), (9, 9), (12, 9))):
        files.append(tmp_path / f"{number}.png")
        Image.new("RGB", size).save(files[-1])
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(tmp_path))
        arguments = ("--network", "py:nets_of_any_size:any_size", "--out", tmp_path / "out")
        ran = program("paper", "decision-map", "--inputs", *files, *arguments)
    assert ran.code == 1 and "must have one shape, got (3, 9, 9), (3, 9, 9), (3, 9, 12)" in ran.one_line()


def test_a_word_that_comes_twice_is_shown_twice():
    network = text_network()
    ends = torch.cat([network.embed(["the film was bad bad"]), network.embed(["the film was good good"])])
    found = isthmus.attribute(isthmus.Landscape(network), isthmus.Polyline(ends), "good")
    assert display_of(found).count(">good<") == 2
