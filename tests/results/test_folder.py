from __future__ import annotations

import json
import multiprocessing
import random

import pytest
import torch

from isthmus.errors import OutputError
from isthmus.results import MANIFEST, RESULT, Kept, claim, read_sealed, write_sealed
from isthmus.results.folder import LOCK

SCHEMA = "isthmus/try/1"


def write(folder, files, **options):
    with claim(folder, SCHEMA, **options) as target, target.stage({"made": "so"}) as stage:
        for name, text in files.items():
            (stage / name).parent.mkdir(parents=True, exist_ok=True)
            (stage / name).write_text(text)
        (stage / RESULT).write_text(json.dumps({"schema": SCHEMA}))


def seen(folder):
    return {str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file()}


def test_a_result_appears_whole_and_is_hashed(tmp_path):
    write(tmp_path / "new" / "out", {"a.txt": "a", "deep/b.txt": "b"})
    assert seen(tmp_path / "new" / "out") == {"a.txt", "deep/b.txt", RESULT, MANIFEST}
    manifest = read_sealed(tmp_path / "new" / "out" / MANIFEST)
    assert set(manifest["files"]) == {"a.txt", "deep/b.txt", RESULT} and manifest["description"] == {"made": "so"}


def test_what_fails_leaves_nothing(tmp_path):
    def fails():
        with claim(tmp_path / "x" / "out", SCHEMA) as target, target.stage() as stage:
            (stage / "a.txt").write_text("a")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert not (tmp_path / "x").exists()


def test_an_earlier_result_is_replaced_with_all_its_files_and_nothing_else(tmp_path):
    write(tmp_path, {"a.txt": "a", "pairs/0/b.txt": "b"})
    (tmp_path / "pairs" / "0" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match="not empty"):
        write(tmp_path, {})
    write(tmp_path, {"c.txt": "c"}, overwrite=True)
    assert seen(tmp_path) == {"c.txt", "pairs/0/mine.txt", RESULT, MANIFEST}


@pytest.mark.parametrize(
    ("prepare", "options", "says"),
    [
        (lambda folder: folder.write_text("a file"), {}, "is a file"),
        (lambda folder: (folder.mkdir(), (folder / "x").touch()), {}, "not empty; choose another folder, or add --ov"),
        (lambda folder: (folder.mkdir(), (folder / "x").touch()), {"overwrite": True}, "no earlier run of this kind"),
        (lambda folder: write_other(folder), {"overwrite": True}, "no earlier run of this kind"),
        (lambda folder: write_damaged(folder), {"resume": True}, "cannot be read as JSON"),
        (lambda folder: None, {"resume": True, "overwrite": True}, "exclude one another"),
    ],
)
def test_a_folder_that_may_not_be_used(tmp_path, prepare, options, says):
    folder = tmp_path / "out"
    prepare(folder)
    before = seen(tmp_path)
    with pytest.raises(OutputError, match=says), claim(folder, SCHEMA, **options):
        raise AssertionError("it was claimed")
    assert seen(tmp_path) == before


def write_other(folder):
    folder.mkdir()
    (folder / RESULT).write_text(json.dumps({"schema": "isthmus/other/1"}))


def write_damaged(folder):
    folder.mkdir()
    (folder / RESULT).write_text("{")


def _claims(folder, ready, go):
    with claim(folder, SCHEMA):
        ready.set()
        go.wait(30)


def test_a_second_run_is_refused_from_the_start(tmp_path):
    context = multiprocessing.get_context("spawn")
    ready, go = context.Event(), context.Event()
    other = context.Process(target=_claims, args=(tmp_path / "out", ready, go))
    other.start()
    try:
        assert ready.wait(60)
        with pytest.raises(OutputError, match="Another run is at work"), claim(tmp_path / "out", SCHEMA):
            raise AssertionError("it was claimed twice")
    finally:
        go.set()
        other.join()
    with claim(tmp_path / "out", SCHEMA):
        assert (tmp_path / "out" / LOCK).exists()
    assert not (tmp_path / "out").exists()


def test_what_killed_runs_have_left_is_removed(tmp_path):
    folder = tmp_path / "out"
    write(folder, {"a.txt": "a"})
    (folder / ".isthmus-half").mkdir()
    (folder / ".isthmus-half" / "x").write_text("x")
    (folder / "deep").mkdir()
    (folder / "deep" / ".isthmus-figure.png-abc.png").write_text("x")
    with claim(folder, SCHEMA, overwrite=True):
        pass
    assert seen(folder) == {"a.txt", RESULT, MANIFEST}


def test_every_flipped_bit_of_a_sealed_file_is_noticed(tmp_path):
    file = tmp_path / "about.json"
    write_sealed(file, {"fpr": 0.05, "names": ["a", "b"], "nothing": None, "infinite": float("inf")})
    content = {"fpr": 0.05, "names": ["a", "b"], "nothing": None, "infinite": None}
    assert read_sealed(file) == content
    good = file.read_bytes()
    dice = random.Random(1)
    for _ in range(300):
        bad = bytearray(good)
        bad[dice.randrange(len(bad))] ^= 1 << dice.randrange(8)
        file.write_bytes(bad)
        try:
            found = read_sealed(file)
        except OutputError:
            continue
        assert found == content  # white space, which says nothing
    file.write_text('{"fpr": 0.45}')
    with pytest.raises(OutputError, match="damaged or changed"):
        read_sealed(file)
    assert read_sealed(file, unsealed=True) == {"fpr": 0.45}


def test_kept_tensors_that_were_damaged_are_made_again(tmp_path):
    made = []

    def make():
        made.append(1)
        return {"x": torch.arange(5.0)}

    kept = Kept(tmp_path, "these inputs")
    for _ in range(2):
        assert kept.get("features of clean inputs", make)["x"].tolist() == [0, 1, 2, 3, 4]
    assert len(made) == 1
    (file,) = tmp_path.iterdir()
    good = file.read_bytes()
    for place in (len(good) - 1, len(good) - 9, 20, 100):
        bad = bytearray(good)
        bad[place] ^= 4
        file.write_bytes(bad)
        assert kept.get("features of clean inputs", make)["x"].tolist() == [0, 1, 2, 3, 4]
    assert len(made) == 5
    assert Kept(tmp_path, "other inputs").get("features of clean inputs", make) and len(made) == 6
