"""isthmus compare."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from pyarrow import parquet
from safetensors.torch import save_file

STUDY = """
title = "Two networks"
[images.digits]
source = "digits"
[networks.trained]
spec = "digits"
[networks.shaken]
spec = "digits"
weights = "shaken.safetensors"
[[pairs]]
kind = "within"
per_class = 4
[shards]
pairs = 200
"""


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two runs of connect on the same pairs, by two methods."""
    from isthmus.cli.main import run

    folder = tmp_path_factory.mktemp("runs")
    assert run(["demo", "--out", str(folder / "demo")]) == 0
    for name in ("straight", "bypass"):
        options = ["--inputs", str(folder / "demo" / "images"), "--pairs-per-class", "4", "--method", name]
        assert run(["connect", *options, "--pictures", "0", "--out", str(folder / name)]) == 0
    return folder


def test_two_runs(program, runs, tmp_path):
    done = program("compare", runs / "straight", runs / "bypass", "--out", tmp_path / "out")
    assert done.code == 0 and "StraightLine" in done.out and "left out" not in done.out
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["schema"] == "isthmus/comparison/1" and result["runs"] == ["StraightLine", "BarrierBypass"]
    connected = next(each for each in result["differences"] if each["measure"] == "connected")
    assert connected["difference"]["value"] > 0 and connected["pairs"] == result["pairs"] > 4
    table = parquet.read_table(tmp_path / "out" / "table.parquet")
    assert len(table) == 2 * result["pairs"]
    html = (tmp_path / "out" / "index.html").read_text()
    assert "Beside the first run" in html and "Do paths carry over?" not in html
    assert (tmp_path / "out" / "comparison.svg").is_file()


def test_paths_on_other_networks(program, runs, tmp_path):
    done = program(
        "compare", runs / "straight", runs / "bypass", "--on", "digits", "digits", "--name", "<b>one</b>", "two",
        "--out", tmp_path / "out",
    )  # fmt: skip
    assert done.code == 0 and "mirrored" in done.out
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert {(each["found_on"], each["on"]) for each in result["transfer"]} >= {("two", "<b>one</b>"), ("two", "two")}
    html = (tmp_path / "out" / "index.html").read_text()
    assert "Do paths carry over?" in html and "<b>one</b>" not in html and "&lt;b&gt;one&lt;/b&gt;" in html


def test_the_networks_of_a_study(program, tmp_path, digits):
    (tmp_path / "study").mkdir()
    (tmp_path / "study" / "study.toml").write_text(STUDY)
    torch.manual_seed(0)
    weights = {k: v + 0.05 * v.std() * torch.randn_like(v) for k, v in digits.network.model.state_dict().items()}
    save_file(weights, tmp_path / "study" / "shaken.safetensors")
    assert program("study", "run", tmp_path / "study", "--device", "cpu").code == 0
    done = program("compare", tmp_path / "study", "--out", tmp_path / "out")
    assert done.code == 0, done.err
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    rows = parquet.read_table(tmp_path / "study" / "plan" / "pairs.parquet").to_pylist()
    ids = [{row["pair_id"] for row in rows if row["network"] == name} for name in ("trained", "shaken")]
    assert result["runs"] == ["trained", "shaken"] and result["pairs"] == len(ids[0] & ids[1]) > 10
    twice = program("compare", tmp_path / "study", tmp_path / "study", "--out", tmp_path / "again")
    assert twice.code == 1 and "given twice" in twice.err
    shutil.copytree(tmp_path / "study", tmp_path / "other" / "study")
    both = program("compare", tmp_path / "study", tmp_path / "other" / "study", "--out", tmp_path / "again")
    assert both.code == 0 and json.loads((tmp_path / "again" / "result.json").read_text())["runs"][2].endswith(
        "other/study: trained"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["straight"], "at least two"), (["straight", "nowhere"], "nowhere"),
        (["straight", "bypass", "--on", "digits"], "each of 2 runs"),
        (["straight", "bypass", "--name", "a"], "2 different"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_one_line(program, runs, tmp_path, arguments, message):
    given = [runs / each if each in ("straight", "bypass", "nowhere") else each for each in arguments]
    done = program("compare", *given, "--out", tmp_path / "out")
    assert done.code == 1 and message in done.one_line()
    assert not (tmp_path / "out").exists()
