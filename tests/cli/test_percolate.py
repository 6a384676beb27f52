from __future__ import annotations

import csv
import json

import pytest

FILES = {"index.html", "figure.png", "figure.svg", "result.json"}


def test_lattice(program, tmp_path):
    out = tmp_path / "lattice"
    ran = program(
        "percolate",
        "lattice",
        "--dimensions",
        "1",
        "2",
        "--kinds",
        "site",
        "bond",
        "--effort",
        "0.02",
        "--out",
        out,
    )
    assert ran.code == 0, ran.err
    result = json.loads((out / "result.json").read_text())
    assert result["schema"] == "isthmus/percolation/1"
    found = {(row["dimension"], row["kind"]): row for row in result["thresholds"]}
    assert set(found) == {(d, kind) for d in (1, 2) for kind in ("site", "bond")}
    assert found[1, "site"]["p_c"] == 1 and found[1, "site"]["standard_error"] == 0
    for row in result["thresholds"]:
        assert abs(row["p_c"] - row["published"]) <= 4 * row["standard_error"]
    assert {"thresholds.csv", *FILES} <= {file.name for file in out.iterdir()}
    with (out / "thresholds.csv").open() as stream:
        assert [row["dimension"] for row in csv.DictReader(stream)] == ["1", "2"] * 2
    page = (out / "index.html").read_text()
    assert "Percolation thresholds" in page and "One dimension is exact" in page
    again = program("percolate", "lattice", "--dimensions", "1", "--out", out)
    assert again.code == 1 and "not empty" in again.err
    assert program("percolate", "lattice", "--dimensions", "1", "--out", out, "--overwrite").code == 0


def test_conjecture(program, tmp_path):
    out = tmp_path / "conjecture"
    ran = program(
        "percolate", "conjecture", "--dimensions", "1", "3", "6", "--shares", "0.2", "0.5", "--sites", "5000",
        "--sweeps", "2", "--pairs", "40", "--out", out,
    )  # fmt: skip
    assert ran.code == 0, ran.err
    result = json.loads((out / "result.json").read_text())
    rows = {(row["dimension"], row["share"]): row for row in result["tables"]["connection"]}
    assert rows[6, 0.5]["connection"] > 0.99
    assert rows[1, 0.5]["connection"] < 0.1
    assert rows[6, 0.2]["connection"] > rows[3, 0.2]["connection"]
    assert rows[3, 0.5]["neighboured"] == 1 - 0.5**6
    ways = {(row["dimension"], row["share"]): row for row in result["tables"]["straightness"]}
    assert ways[6, 0.2]["detour"] > ways[6, 0.5]["detour"] >= 1
    assert any("p = 0.2" in text and "times the threshold" in text for text in result["agrees"] + result["differs"])
    assert {"connection.csv", "straightness.csv", *FILES} <= {file.name for file in out.iterdir()}


def test_network(program, tmp_path):
    out = tmp_path / "network"
    ran = program(
        "percolate", "network", "--dimensions", "2", "3", "--points", "5", "--slices", "2", "--out", out
    )  # fmt: skip
    assert ran.code == 0, ran.err
    result = json.loads((out / "result.json").read_text())
    assert {(row["network"], row["through"], row["dimension"]) for row in result["rows"]} == {
        (name, through, d)
        for name in ("trained", "untrained")
        for through in ("inputs of a class", "random points")
        for d in (2, 3)
    }
    for row in result["rows"]:
        assert 0 <= row["connection_low"] <= row["connection"] <= row["connection_high"] <= 1
        assert row["curves"]["share"] == [0.05, 0.1, 0.2, 0.3, 0.5]
        assert row["curves"]["own"][2] == pytest.approx(row["connection"])
        assert row["components"] >= 1 and row["basins"] >= 1 and 0 <= row["outside"] <= 1
    assert result["description"]["networks"]["untrained"] != result["description"]["networks"]["trained"]
    assert {"connection.csv", "levels.csv", "classes.csv", *FILES} <= {file.name for file in out.iterdir()}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lattice", "--dimensions", "14"], "--dimensions must be 1 to 13, got 14"),
        (["lattice", "--effort", "nan"], "--effort must be a number greater than 0"),
        (["conjecture", "--shares", "1.5"], "--shares must lie between 0 and 1"),
        (["conjecture", "--dimensions", "0"], "--dimensions must be 1 to 13"),
        (["conjecture", "--sites", "10000000000", "--dimensions", "2"], "more than this program can count"),
        (["network", "--extent", "0"], "extent of a slice must be a number above 0"),
        (["network", "--shares", "0.00001"], "fewer than two of"),
        (["network", "--points", "8"], "odd number of points"),
        (["network", "--slices", "1"], "two slices at least"),
        (["network", "--dimensions", "9", "--points", "9"], "GiB"),
        (["network", "--dimensions", "99"], "1 to 13 dimensions"),
        (["network", "--network", "torchvision:resnet18"], "needs --inputs"),
    ],
)
def test_bad_input_gets_one_line(program, tmp_path, arguments, message):
    out = tmp_path / "out"
    ran = program("percolate", *arguments, "--out", out)
    assert ran.code == 1 and message in ran.one_line(), ran.err
    assert not out.exists()


def test_too_few_slices_give_no_verdict(program, tmp_path):
    for number, (dimensions, slices) in enumerate(((("2", "3"), "2"), (("2",), "4"))):
        out = tmp_path / str(number)
        ran = program(
            "percolate", "network", "--dimensions", *dimensions, "--points", "5", "--slices", slices, "--out", out
        )
        assert ran.code == 0, ran.err
        result = json.loads((out / "result.json").read_text())
        assert not result["agrees"] and all("too few for a verdict" in text for text in result["differs"])
        assert "percolate? the embedded network" in ran.out
        for row in result["rows"]:
            assert row["components_low"] >= 1 and row["finer_minus_coarser_low"] >= -1
            assert row["depends_on_spacing"] != "no" or (
                row["finer_minus_coarser_high"] - row["finer_minus_coarser_low"] < 0.5
            )
