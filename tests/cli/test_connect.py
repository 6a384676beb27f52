from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time

import pyarrow.parquet
import pytest
import torch

from isthmus import Connections

FAST = ("--pictures", "0")


def names(folder) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_two_images(program, two, tmp_path):
    ran = program("connect", *two, "--out", tmp_path / "run")
    assert ran.code == 0 and "index.html" in ran.out
    assert {"result.json", "profile.png", "strip.png", "index.html", "table.parquet", "paths.safetensors"} <= names(
        tmp_path / "run"
    )
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert result["rows"][0]["target"] == 4 and result["rows"][0]["a"] == two[0].name
    assert result["description"]["network"]["name"] == "digits" and "connect" in result["command"]


def test_the_target_can_be_an_index_or_a_name(program, two, tmp_path):
    for text in ("9", "four"):
        ran = program("connect", *two, "--target", text, "--out", tmp_path / text, *FAST)
        if text == "four":
            assert ran.code == 1 and "'four'" in ran.one_line()
        else:
            assert Connections.load(tmp_path / text)[0].target == 9


def test_a_list_sets_bad_pairs_aside_and_goes_on(program, digit_folder, tmp_path):
    fours, sevens = (sorted((digit_folder / digit).iterdir()) for digit in "47")
    (tmp_path / "broken.png").write_text("nonsense")
    rows = [(fours[0], fours[1], ""), (fours[0], tmp_path / "broken.png", ""), (fours[0], sevens[0], ""),
            (fours[0], sevens[0], "7"), (tmp_path / "absent.png", fours[1], "4"),
            (sevens[0], sevens[1], "7")]  # fmt: skip
    (tmp_path / "pairs.csv").write_text("a,c,target\n" + "".join(f"{a},{c},{t}\n" for a, c, t in rows))
    ran = program("connect", "--pairs", tmp_path / "pairs.csv", "--out", tmp_path / "run", *FAST)
    assert ran.code == 0
    result = json.loads((tmp_path / "run" / "result.json").read_text())
    assert [row["target"] for row in result["rows"]] == [4, 7, 7]
    assert len(result["skipped"]) == 3 and "broken.png" in ran.err and "absent.png" in ran.err
    assert any("predicts 4 for" in reason and "and 7 for" in reason for reason in result["skipped"].values())


def test_a_folder_gives_pairs_of_each_class(program, digit_folder, tmp_path):
    settings = ("--inputs", digit_folder, "--pairs-per-class", 2, "--lowest-loss", 4, *FAST)
    ran = program("connect", *settings, "--out", tmp_path / "one")
    assert ran.code == 0 and "20 pairs" in ran.out
    table = pyarrow.parquet.read_table(tmp_path / "one" / "table.parquet").to_pylist()
    assert sorted(row["target"] for row in table) == sorted([*range(10)] * 2)
    assert all(row["a"].split("/")[0] == str(row["target"]) for row in table)
    program("connect", *settings, "--out", tmp_path / "two")
    assert table == pyarrow.parquet.read_table(tmp_path / "two" / "table.parquet").to_pylist()
    program("connect", *settings, "--seed", 1, "--out", tmp_path / "three")
    assert table != pyarrow.parquet.read_table(tmp_path / "three" / "table.parquet").to_pylist()


def test_a_folder_without_sub_folders_is_paired_by_prediction(program, digit_folder, tmp_path):
    flat = tmp_path / "flat"
    flat.mkdir()
    for file in (*(digit_folder / "3").iterdir(), *(digit_folder / "5").iterdir()):
        (flat / file.name).write_bytes(file.read_bytes())
    assert program("connect", "--inputs", flat, "--pairs-per-class", 1, "--out", tmp_path / "run", *FAST).code == 0
    assert {pair.target for pair in Connections.load(tmp_path / "run")} >= {3, 5}


@pytest.mark.parametrize("method", ["straight", "paper"])
def test_other_methods(program, two, tmp_path, method):
    assert program("connect", *two, "--method", method, "--out", tmp_path / "run", *FAST).code == 0
    (pair,) = Connections.load(tmp_path / "run")
    assert pair.steps == (1024 if method == "paper" else 0)


def test_a_network_of_ones_own(program, two, tmp_path, monkeypatch):
    (tmp_path / "own_net.py").write_text(
        "import torch\ndef make():\n    torch.manual_seed(0)\n"
        "    return torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.Flatten(), torch.nn.Linear(144, 3))\n"
    )
    monkeypatch.chdir(tmp_path)
    arguments = ("--network", "py:own_net:make", "--size", "8", "--mean", "0.5", "--std", "0.5", "--target", "1")
    assert program("connect", *two, *arguments, "--out", "run", *FAST).code == 0
    description = json.loads((tmp_path / "run" / "result.json").read_text())["description"]
    assert description["network"]["mean"] == [0.5] and description["network"]["preprocessing"]["size"] == [8, 8]


def test_an_existing_run_is_kept_unless_told(program, two, tmp_path):
    assert program("connect", *two, "--out", tmp_path / "run", *FAST).code == 0
    before = (tmp_path / "run" / "result.json").read_bytes()
    refused = program("connect", *two, "--out", tmp_path / "run", *FAST)
    assert refused.code == 1 and "--overwrite" in refused.one_line()
    assert (tmp_path / "run" / "result.json").read_bytes() == before
    assert program("connect", *two, "--out", tmp_path / "run", "--overwrite", *FAST).code == 0
    done = program("connect", *two, "--out", tmp_path / "run", "--resume", *FAST)
    assert done.code == 0 and "nothing is left" in done.err


def test_an_interrupted_run_keeps_what_is_finished_and_goes_on(program, digit_folder, tmp_path, monkeypatch):
    from isthmus.cli import solving

    settings = ("connect", "--inputs", digit_folder, "--pairs-per-class", 3, "--max-batch", 2, *FAST)
    assert program(*settings, "--out", tmp_path / "whole").code == 0

    from contextlib import contextmanager

    @contextmanager
    def stop_early(what, total):
        def tell(progress):
            if progress.done >= 5:
                raise KeyboardInterrupt

        yield tell

    with monkeypatch.context() as patch:
        patch.setattr(solving, "progress_bar", stop_early)
        stopped = program(*settings, "--out", tmp_path / "run")
    assert stopped.code == 130 and "of 30 pairs are finished" in stopped.err and "--resume" in stopped.err
    assert 5 <= len(Connections.load(tmp_path / "run")) < 30
    other = program("connect", "--inputs", digit_folder, "--seed", 9, "--out", tmp_path / "run", "--resume", *FAST)
    assert other.code == 1 and "differs in seed, pairs" in other.one_line()
    shifted = program(*settings, "--mean", "0.2", "--out", tmp_path / "run", "--resume")
    assert shifted.code == 1 and "differs in network" in shifted.one_line()
    resumed = program(*settings, "--out", tmp_path / "run", "--resume")
    assert resumed.code == 0
    one, two = (pyarrow.parquet.read_table(tmp_path / name / "table.parquet") for name in ("whole", "run"))
    assert one.column_names == two.column_names and one["a"] == two["a"] and one["outcome"] == two["outcome"]
    assert one["max_loss"].to_pylist() == pytest.approx(two["max_loss"].to_pylist(), abs=1e-4)


@pytest.mark.slow
def test_ctrl_c_in_a_real_process(digit_folder, tmp_path):
    command = [sys.executable, "-m", "isthmus", "connect", "--inputs", str(digit_folder), "--pairs-per-class", "6",
               "--method", "paper", "--max-batch", "1", "--out", str(tmp_path / "run"), *FAST]  # fmt: skip
    log = tmp_path / "log.txt"
    with log.open("w") as stream:
        # A shell starts what runs in its background deaf to Ctrl-C; a terminal does not.
        process = subprocess.Popen(
            command,
            stderr=stream,
            stdout=subprocess.DEVNULL,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
    give_up = time.monotonic() + 120
    while not re.search(r"connecting: [1-9]", log.read_text()) and process.poll() is None:
        assert time.monotonic() < give_up
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    assert process.wait(60) == 130 and time.monotonic() - began < 30
    assert "pairs are finished and kept" in log.read_text() and "Traceback" not in log.read_text()
    assert len(Connections.load(tmp_path / "run")) >= 1
    assert [file for file in tmp_path.iterdir() if file.name.startswith(".")] == []


def test_ctrl_c_before_anything_is_finished_writes_nothing(program, two, tmp_path, monkeypatch):
    from isthmus.cli import pairing

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(pairing, "pair_of_files", interrupt)
    ran = program("connect", *two, "--out", tmp_path / "run")
    assert ran.code == 130 and "nothing was written" in ran.one_line() and not (tmp_path / "run").exists()


def test_names_of_a_list_are_found_beside_it_or_from_where_one_stands(program, tmp_path, digit_folder, monkeypatch):
    eight = sorted((digit_folder / "8").iterdir())
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "beside.png").write_bytes(eight[0].read_bytes())
    (tmp_path / "here.png").write_bytes(eight[1].read_bytes())
    (tmp_path / "lists" / "pairs.csv").write_text("a,c\nbeside.png,here.png\nbeside.png,nowhere.png\n")
    monkeypatch.chdir(tmp_path)
    ran = program("connect", "--pairs", "lists/pairs.csv", "--out", "run", "--pictures", 0)
    assert ran.code == 0, ran.err
    assert "lists/nowhere.png does not exist" in ran.err  # where it is looked for first
    assert len(json.loads((tmp_path / "run" / "result.json").read_text())["rows"]) == 1


def test_a_run_gives_its_pairs_to_another_network(program, digit_folder, tmp_path):
    """With the very inputs, so that both runs are of the same pairs."""
    settings = ("--inputs", digit_folder, "--pairs-per-class", 1, "--lowest-loss", 4, *FAST)
    assert program("connect", *settings, "--out", tmp_path / "run").code == 0
    first = Connections.load(tmp_path / "run")
    again = ("connect", "--pairs", tmp_path / "run", *FAST)
    ran = program(*again, "--network", "untrained:digits", "--out", tmp_path / "two")
    assert ran.code == 0
    second = Connections.load(tmp_path / "two")
    assert [pair.target for pair in second] == [pair.target for pair in first]
    for one, other in zip(first, second, strict=True):
        assert torch.equal(one.path.ends, other.path.ends)
    names = [[row[key] for row in json.loads((tmp_path / run / "result.json").read_text())["rows"]]
             for run in ("run", "two") for key in ("a", "c")]  # fmt: skip
    assert names[:2] == names[2:]
    ran = program("compare", tmp_path / "run", tmp_path / "two", "--out", tmp_path / "compared")
    assert ran.code == 0 and f"{len(first)} pairs are in both runs" in ran.out
    all_three = program("connect", "--pairs", tmp_path / "run", "--target", "3", "--out", tmp_path / "three", *FAST)
    assert all_three.code == 0 and {pair.target for pair in Connections.load(tmp_path / "three")} == {3}
    refused = program("connect", "--pairs", tmp_path, "--out", tmp_path / "four", *FAST)
    assert refused.code == 1 and "holds no saved connections" in refused.one_line()
    other = program("connect", "--pairs", tmp_path / "run", "--network", "untrained:torchvision:squeezenet1_1", *FAST,
                    "--out", tmp_path / "five")  # fmt: skip
    assert other.code == 1 and "3 channels" in other.one_line()
