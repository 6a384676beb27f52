"""isthmus graph and isthmus fill, as somebody would run them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

import isthmus
from isthmus.graphs import keeping
from isthmus.graphs.segments import look_at


def test_digits_without_options_hang_together(program, tmp_path):
    ran = program("graph", "--classes", "3", "9", "--out", tmp_path / "o")
    assert ran.code == 0, ran.err
    assert "3: 46 inputs, 1 region" in ran.out and "9: 47 inputs, 1 region" in ran.out
    result = json.loads((tmp_path / "o/result.json").read_text())
    assert result["schema"] == "isthmus/graph-result/1"
    assert result["summary"]["settled"] > 0.99 and result["summary"]["segments"] < 0.5 * result["summary"]["pairs"]
    assert [each["class"] for each in result["summary"]["classes"]] == ["3", "9"]
    graph = isthmus.BarrierGraph.load(tmp_path / "o")
    assert len(graph) == 93 and len(result["names"]) == 93
    assert matplotlib.image.imread(tmp_path / "o/figures/9.png").shape[0] > 300
    assert (tmp_path / "o/figures/3.svg").is_file() and not (tmp_path / "o/segments").exists()
    assert program("graph", "--classes", "3", "--out", tmp_path / "o").code == 1
    assert program("graph", "--classes", "3", "--out", tmp_path / "o", "--overwrite").code == 0
    assert not (tmp_path / "o/figures/9.png").exists()


def test_a_folder_with_a_wrong_label_tells_what_lies_apart(program, digit_folder, tmp_path):
    folder = tmp_path / "digits"
    shutil.copytree(digit_folder, folder)
    shutil.copy(next((folder / "0").iterdir()), folder / "4" / "wrong.png")
    common = ("graph", folder, "--classes", "4")
    aside = program(*common, "--out", tmp_path / "recognised")
    assert aside.code == 0 and "apart" not in aside.out
    ran = program(*common, "--unrecognised", "--method", "straight", "--out", tmp_path / "all")
    assert ran.code == 0 and "1 apart" in ran.out
    (four,) = json.loads((tmp_path / "all/result.json").read_text())["summary"]["classes"]
    assert [each["input"] for each in four["apart"]] == ["4/wrong.png"]


def test_what_was_looked_at_before_a_run_was_stopped_is_not_looked_at_again(program, tmp_path, monkeypatch):
    out, looked = tmp_path / "o", []
    monkeypatch.setattr(keeping, "PART", 40)

    def stopping(landscape, x, target, i, j, **settings):
        looked.append(len(i))
        if len(looked) == 3:
            raise KeyboardInterrupt
        return look_at(landscape, x, target, i, j, **settings)

    with monkeypatch.context() as patch:
        patch.setattr(keeping, "look_at", stopping)
        stopped = program("graph", "--classes", "5", "--out", out)
    assert stopped.code == 130
    assert len(list((out / "segments").iterdir())) == 2
    assert program("graph", "--classes", "5", "--out", out).code == 1  # not empty: --resume or another folder
    again = []

    def counting(landscape, x, target, i, j, **settings):
        again.append(len(i))
        return look_at(landscape, x, target, i, j, **settings)

    with monkeypatch.context() as patch:
        patch.setattr(keeping, "look_at", counting)
        assert program("graph", "--classes", "5", "--out", out, "--resume").code == 0
    assert program("graph", "--classes", "5", "--out", tmp_path / "whole").code == 0
    whole, resumed = (isthmus.BarrierGraph.load(folder) for folder in (tmp_path / "whole", out))
    assert np.array_equal(whole.tree.weight, resumed.tree.weight)
    assert sum(again) == len(whole.edges) - sum(looked[:2])
    file = next(iter((tmp_path / "whole").glob("*.parquet")))
    assert file.read_bytes() == (out / file.name).read_bytes()
    done = program("graph", "--classes", "5", "--out", out, "--resume")
    assert done.code == 0 and "nothing is left to do" in done.err
    other = program("graph", "--classes", "5", "--seed", 7, "--out", out, "--resume")
    assert other.code == 1 and "differs in seed" in other.one_line()


def test_loops_of_digits_are_filled(program, tmp_path):
    ran = program("fill", "--loops", "3", "--pictures", "1", "--out", tmp_path / "o")
    assert ran.code == 0, ran.err
    assert "3 of 3 filled" in ran.out
    result = json.loads((tmp_path / "o/result.json").read_text())
    assert result["summary"]["filled"] == 3 and len(result["corners"][0]) == 4
    found = isthmus.Fillings.load(tmp_path / "o")
    assert [each.filled for each in found] == [True] * 3
    assert matplotlib.image.imread(tmp_path / "o/surfaces/0.png").shape[0] > 300
    assert not (tmp_path / "o/surfaces/1.png").exists()


def test_four_files_are_a_loop(program, digit_folder, tmp_path):
    files = sorted((digit_folder / "4").iterdir())[:4]
    ran = program("fill", *files, "--out", tmp_path / "o")
    assert ran.code == 0, ran.err
    assert "1 of 1 filled" in ran.out
    other = min((digit_folder / "7").iterdir())
    mixed = program("fill", *files[:3], other, "--out", tmp_path / "mixed")
    assert mixed.code == 1 and "choose inputs of one class" in mixed.one_line()
    given = program("fill", *files[:3], other, "--target", "4", "--threshold", "0.1", "--out", tmp_path / "given")
    assert given.code == 0 and "a corner itself is above the threshold" in given.out


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["graph", "nowhere"], "no folder of images"),
        (["graph", "--classes", "twelve"], "no input that takes part"),
        (["graph", "--per-class", "0"], "--per-class must be at least 1"),
        (["fill", "a.png", "b.png"], "four inputs"),
        (["fill", "a.png", "b.png", "c.png", "d.png"], "does not exist"),
        (["fill", "--loops", "0"], "--loops must be at least 1"),
        (["fill", "--finest", "0"], "1 <= first <= finest"),
        (["fill", "--threshold", "nan"], "threshold must be a number"),
    ],
)
def test_bad_input_is_one_clear_line(program, tmp_path: Path, arguments, says):
    ran = program(*arguments, "--out", tmp_path / "o")
    assert ran.code == 1 and says in ran.one_line()
    assert not (tmp_path / "o").exists()
