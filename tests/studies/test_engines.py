from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from pathlib import Path

import pytest
from studies.test_study import assert_same_rows, rows_of

import isthmus
from isthmus import IsthmusError
from isthmus.studies import OnRay, Study

pytest.importorskip("ray", reason="Ray is not installed (extra: ray)")


def workers_at_work() -> list[int]:
    """Ray's processes that solve a shard at this moment name themselves after the function."""
    found = []
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdecimal() and (process / "cmdline").read_bytes().startswith(b"ray::_solve"):
                found.append(int(process.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs /proc to find Ray's workers")
@pytest.mark.slow
def test_ray_gives_the_same_rows_even_when_workers_die(tmp_path, text, finished, start):
    folder = tmp_path / "study"
    Study.create(folder, text)
    process = start("study", "run", folder, "--engine", "ray", "--workers", 2, "--device", "cpu")
    killed = 0
    while process.poll() is None and killed < 2:
        for worker in workers_at_work()[:1]:
            os.kill(worker, signal.SIGKILL)
            killed += 1
        time.sleep(0.3)
    _, err = process.communicate(timeout=200)
    assert killed > 0 and process.returncode == 0, err
    assert_same_rows(rows_of(Study(folder)), rows_of(finished))


@pytest.mark.slow
def test_sigterm_stops_ray_too(tmp_path, text, start):
    folder = tmp_path / "study"
    Study.create(folder, text.replace("per_class = 6", "per_class = 400").replace("pairs = 25", "pairs = 100"))
    process = start("study", "run", folder, "--engine", "ray", "--workers", 1, "--device", "cpu")
    give_up = time.monotonic() + 300
    while not list(folder.glob("shards/*.parquet")):
        assert process.poll() is None and time.monotonic() < give_up
        time.sleep(0.1)
    process.terminate()
    _, err = process.communicate(timeout=30)
    assert process.returncode == 143 and "Traceback" not in err, err
    status = Study(folder).status()
    assert 0 < status.shards_done < status.shards and not status.damaged


@pytest.mark.slow
def test_errors_of_workers_are_one_line(tmp_path, text, start):
    """A store that cannot be written is found by a worker, and told by the program."""
    folder = tmp_path / "study"
    study = Study.create(folder, text)
    study.prepare(device="cpu")
    (folder / "shards").write_text("a file where the folder should be")
    process = start("study", "run", folder, "--resume", "--engine", "ray", "--workers", 1, "--device", "cpu")
    _, err = process.communicate(timeout=120)
    last = err.strip().splitlines()[-1]
    assert process.returncode == 1 and "Traceback" not in err and last.startswith("isthmus: "), err


@pytest.mark.usefixtures("as_installed")
def test_what_cannot_be_is_said(study, program, monkeypatch):
    with pytest.raises(IsthmusError, match="cpus > 0"):
        OnRay(cpus=0)
    with pytest.raises(IsthmusError, match="not both"):
        OnRay(address="auto", workers=2)
    assert "belong to --engine ray" in program("study", "run", study.folder, "--workers", 2).one_line()
    monkeypatch.setitem(sys.modules, "ray", None)
    ran = program("study", "run", study.folder, "--engine", "ray", "--device", "cpu")
    assert ran.code == 1 and "pip install" in ran.err.strip().splitlines()[-1]
    shutil.rmtree(study.folder / "plan")


@pytest.mark.slow
def test_a_cluster_that_is_not_there(study, start):
    process = start("study", "run", study.folder, "--engine", "ray", "--address", "127.0.0.1:1", "--device", "cpu")
    _, err = process.communicate(timeout=200)
    assert process.returncode == 1 and "No Ray cluster could be reached at 127.0.0.1:1" in err, err
    assert "Traceback" not in err


def test_a_graph_is_the_same_when_ray_looks(program, tmp_path):
    common = ("graph", "--classes", "3", "--device", "cpu", "--out")
    assert program(*common, tmp_path / "local").code == 0
    ran = program(*common, tmp_path / "ray", "--engine", "ray", "--workers", 1)
    assert ran.code == 0, ran.err
    one, other = (isthmus.BarrierGraph.load(tmp_path / name) for name in ("local", "ray"))
    assert one.edges.i.tolist() == other.edges.i.tolist()
    assert one.tree.weight == pytest.approx(other.tree.weight, abs=1e-5)
    assert one.cost == other.cost
    assert "belong to --engine ray" in program(*common, tmp_path / "o", "--workers", 2).one_line()


def test_surfaces_are_the_same_when_ray_fills_and_go_on_here(program, tmp_path):
    common = ("fill", "--loops", 9, "--no-highest", "--verify", "taylor", "--device", "cpu", "--pictures", 0, "--out")
    assert program(*common, tmp_path / "local").code == 0
    ran = program(*common, tmp_path / "ray", "--engine", "ray", "--workers", 1)
    assert ran.code == 0, ran.err
    one, other = (isthmus.Fillings.load(tmp_path / name) for name in ("local", "ray"))
    assert [str(each.outcome) for each in one] == [str(each.outcome) for each in other]
    assert [each.max_loss for each in one] == pytest.approx([each.max_loss for each in other], abs=1e-5)
    assert [each.proven for each in one] == [each.proven for each in other] == [True] * 9
    assert not (tmp_path / "ray" / "loops").exists()
    again = program(*common, tmp_path / "ray", "--resume")  # asked for in the same words, by whichever engine
    assert again.code == 0 and "nothing is left to do" in again.err
    assert "belong to --engine ray" in program(*common, tmp_path / "o", "--workers", 2).one_line()
