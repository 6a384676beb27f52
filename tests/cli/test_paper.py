from __future__ import annotations

import json
import signal
import time

import pytest


def test_an_experiment_from_begin_to_end(program, tmp_path):
    out = tmp_path / "real"
    ran = program("paper", "real", "--out", out, "--pairs-per-class", 6, "--device", "cpu")
    assert ran.code == 0 and "Found here:" in ran.out and "index.html" in ran.out, ran.err
    result = json.loads((out / "result.json").read_text())
    assert result["command"].startswith("isthmus paper real --out")
    assert f"Of {60} pairs" in result["found"][0]
    assert "not empty" in program("paper", "real", "--out", out).one_line()
    # Another number of pairs is another experiment, and does not go on.
    line = program("paper", "real", "--out", out, "--pairs-per-class", 7, "--device", "cpu", "--resume").one_line()
    assert "made for another setting" in line
    assert program("paper", "real", "--out", out, "--pairs-per-class", 6, "--device", "cpu", "--resume").code == 0
    assert program("study", "table", out / "study").code == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("real", "--network", "torchvision:resnet18"), "--network needs --inputs"),
        (("training", "--network", "torchvision:resnet18"), "--network needs --inputs"),
        (("architectures", "--network", "torchvision:resnet18"), "--compare"),
        (("architectures", "--compare", "digits"), "--compare needs --inputs"),
        (("real", "--compare", "digits"), "--compare belongs to"),
        (("real", "--inputs", "a.png", "b.png", "c.png"), "one folder or file, got 3"),
        (("decision-map", "--inputs", "a.png", "b.png"), "or three inputs, got 2"),
        (("decision-map", "--inputs", "a.png", "b.png", "c.png"), "a.png does not exist"),
        (("real", "--pairs-per-class", "0"), "--pairs-per-class must be at least 1"),
        (("real", "--resume", "--overwrite"), "exclude one another"),
        (("real", "--inputs", "nowhere", "--network", "torchvision:resnet18"), "nowhere"),
        (("real", "--mean", "a,b"), "--mean must be numbers"),
        (("real", "--max-batch", "0"), "--max-batch must be"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(program, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    assert says in program("paper", *arguments, "--out", "out").one_line()


def test_an_unknown_experiment(program):
    ran = program("paper", "everything")
    assert ran.code == 2 and "everything" in ran.err


@pytest.mark.slow
def test_a_killed_experiment_goes_on(tmp_path, program):
    """Killed while pairs are connected; the same command with --resume finishes what was begun."""
    import os
    import subprocess
    import sys

    out = tmp_path / "out"
    command = ["paper", "real", "--out", str(out), "--pairs-per-class", "150", "--device", "cpu"]
    process = subprocess.Popen(
        [sys.executable, "-m", "isthmus", *command], stderr=subprocess.PIPE, text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    give_up = time.monotonic() + 120
    while not list(out.glob("study/shards/[!.]*.parquet")):
        assert process.poll() is None and time.monotonic() < give_up
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143 and "the same command with --resume goes on" in err and "Traceback" not in err
    assert not (out / "result.json").exists()
    before = {file.name for file in out.glob("study/shards/[!.]*.parquet")}
    assert program(*command, "--resume").code == 0
    assert before <= {file.name for file in out.glob("study/shards/[!.]*.parquet")}
    assert (out / "result.json").exists() and (out / "index.html").exists()
