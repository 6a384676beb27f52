from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pyarrow.parquet
import pytest

from isthmus import Connections, connect
from isthmus.errors import OutputError
from isthmus.reports import Run, write_run


@pytest.fixture(scope="module")
def run(digits, digit_pairs) -> Run:
    found = connect(digits, *(part[:3] for part in digit_pairs))
    return Run(connections=found, names=[("a", "c")] * 3, class_names="0123456789", title="three", command="x")


def test_everything_is_there_and_loads(run, tmp_path):
    folder = tmp_path / "new" / "run"
    write_run(run, folder)
    assert {f.name for f in folder.iterdir()} == {
        "result.json", "table.parquet", "paths.safetensors", "manifest.json", "index.html", "pairs",
    }  # fmt: skip
    assert sorted(f.name for f in (folder / "pairs" / "2").iterdir()) == ["profile.png", "profile.svg", "strip.png"]
    result = json.loads((folder / "result.json").read_text())
    table = pyarrow.parquet.read_table(folder / "table.parquet")
    assert result["summary"]["pairs"] == len(result["rows"]) == table.num_rows == 3
    assert {"a", "c", "target_name", "max_loss"} <= set(table.column_names) == set(result["rows"][0])
    assert len(Connections.load(folder)) == 3
    assert [f.name for f in (tmp_path / "new").iterdir()] == ["run"]


def test_a_single_pair_has_its_pictures_on_top(run, tmp_path):
    one = Run(connections=run.connections[:1], names=run.names[:1])
    write_run(one, tmp_path / "run")
    assert {"profile.png", "profile.svg", "strip.png"} <= {f.name for f in (tmp_path / "run").iterdir()}


def test_a_folder_that_holds_something_is_refused_and_left_alone(run, tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(OutputError):
            write_run(run, tmp_path, overwrite=overwrite)
    assert [f.name for f in tmp_path.iterdir()] == ["mine.txt"]


def test_overwriting_replaces_a_run_and_nothing_else(run, tmp_path):
    write_run(run, tmp_path / "run")
    (tmp_path / "run" / "mine.txt").write_text("mine")
    write_run(Run(connections=run.connections[:1], names=run.names[:1]), tmp_path / "run", overwrite=True)
    names = {f.name for f in (tmp_path / "run").iterdir()}
    assert "mine.txt" in names and "pairs" not in names and len(Connections.load(tmp_path / "run")) == 1


def test_a_failure_while_writing_leaves_nothing_behind(run, tmp_path, monkeypatch):
    import isthmus.reports.run as module

    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module, "strip_figure", fail)
    with pytest.raises(OutputError, match="No space left"):
        write_run(run, tmp_path / "run")
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_an_error(run, tmp_path):
    (tmp_path / "run").write_text("")
    with pytest.raises(OutputError, match="is a file"):
        write_run(run, tmp_path / "run")


def test_ctrl_c_while_drawing_keeps_the_results(run, tmp_path):
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt, match="with 1 pairs' figures"):
        write_run(run, tmp_path / "run", on_pair=interrupt)
    assert len(Connections.load(tmp_path / "run")) == 3 and (tmp_path / "run" / "result.json").exists()
    assert [f.name for f in (tmp_path / "run" / "pairs").iterdir()] == ["0"]


def test_files_of_the_user_in_a_runs_folders_are_kept(run, tmp_path):
    write_run(run, tmp_path / "run")
    (tmp_path / "run" / "pairs" / "mine.txt").write_text("mine")
    (tmp_path / "run" / "pairs" / "1" / "notes.txt").write_text("mine")
    (tmp_path / "run" / "strip.png").write_text("mine")
    write_run(run, tmp_path / "run", overwrite=True)
    small = Run(connections=run.connections[:2], names=run.names[:2], pictures=0)
    write_run(small, tmp_path / "run", overwrite=True)
    left = sorted(str(f.relative_to(tmp_path / "run")) for f in (tmp_path / "run").rglob("*.*") if "mine" in f.name)
    assert left == ["pairs/mine.txt"] and (tmp_path / "run" / "strip.png").read_text() == "mine"
    assert [str(f.relative_to(tmp_path / "run" / "pairs")) for f in (tmp_path / "run" / "pairs").rglob("*/*")] == [
        "1/notes.txt"
    ]


def test_a_folder_on_another_file_system(run, tmp_path):
    elsewhere = Path("/dev/shm")
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second file system to write to")
    with tempfile.TemporaryDirectory(dir=elsewhere) as place:
        (tmp_path / "run").symlink_to(place)
        write_run(run, tmp_path / "run")
        assert len(Connections.load(place)) == 3 and (Path(place) / "pairs" / "0" / "strip.png").exists()


def test_what_a_killed_run_left_is_in_nobodys_way(run, tmp_path):
    (tmp_path / ".isthmus-killed").mkdir()
    write_run(run, tmp_path)
    assert len(Connections.load(tmp_path)) == 3
