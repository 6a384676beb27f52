from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections import Counter
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet
import pytest
import torch
from benchmarks.studies import damaged
from PIL import Image

import isthmus
from isthmus import IsthmusError
from isthmus._core.files import write_whole
from isthmus.errors import StudyError
from isthmus.studies import Study
from isthmus.studies.engines.base import Job, Worker
from isthmus.studies.plan import load_plan
from isthmus.studies.rows import PAIR_COLUMNS, result_schema
from isthmus.studies.solving import Bench
from isthmus.studies.store import UrlStore


def rows_of(study: Study) -> list[dict]:
    return study.results.table().to_pylist()


def assert_same_rows(found: list[dict], expected: list[dict], tolerance: float = 1e-4) -> None:
    assert [row["pair_id"] for row in found] == [row["pair_id"] for row in expected]
    for one, other in zip(found, expected, strict=True):
        for name, value in one.items():
            if isinstance(value, float):
                assert value == pytest.approx(other[name], abs=tolerance), name
            else:
                assert value == other[name], name


def test_the_plan_depends_on_the_seed_alone(tmp_path, text, finished):
    again = Study.create(tmp_path / "again", text)
    other = Study.create(tmp_path / "other", text.replace("seed = 3", "seed = 4"))
    plan, elsewhere = again.prepare(device="cpu"), other.prepare(device="cpu")
    stored = finished.plan()
    assert plan.rows(0, plan.pairs) == stored.rows(0, stored.pairs) and plan.digest == stored.digest
    rows = plan.rows(0, plan.pairs)
    ids = [row["pair_id"] for row in rows]
    assert len({(row["network"], row["pair_id"]) for row in rows}) == len(rows)
    ends = {(row["kind"], row["a"], row["c"], row["target"]): row["pair_id"] for row in rows}
    assert all(ends[row["kind"], row["a"], row["c"], row["target"]] == row["pair_id"] for row in rows)  # on any network
    assert set(ids) != {row["pair_id"] for row in elsewhere.rows(0, elsewhere.pairs)}
    # A pair is called the same wherever it is drawn.
    common = {(r["network"], r["kind"], r["a"], r["c"]): r["pair_id"] for r in plan.rows(0, plan.pairs)}
    for row in elsewhere.rows(0, elsewhere.pairs):
        key = (row["network"], row["kind"], row["a"], row["c"])
        assert common.get(key, row["pair_id"]) == row["pair_id"]


def test_rows_are_what_connect_finds(finished, digits, digit_images):
    x, target = digit_images
    plan = finished.plan()
    pairs = [row for row in plan.rows(0, plan.pairs) if row["network"] == "trained" and row["kind"] == "within"]
    assert Counter(row["target"] for row in pairs) == dict.fromkeys(range(10), 6)
    a = torch.tensor([row["a_number"] for row in pairs])
    c = torch.tensor([row["c_number"] for row in pairs])
    y = torch.tensor([row["target"] for row in pairs])
    assert (target[a] == y).all() and (target[c] == y).all()
    expected = isthmus.connect(digits, x[a], x[c], y).table().to_pylist()
    found = {row["pair"]: row for row in rows_of(finished)}
    for row, other in zip(pairs, expected, strict=True):
        mine = found[row["pair"]]
        assert mine["max_loss"] == pytest.approx(other["max_loss"], abs=1e-4)
        assert mine["outcome"] == other["outcome"] and mine["steps"] == other["steps"]
    across = [row for row in plan.rows(0, plan.pairs) if row["kind"] == "across" and row["network"] == "trained"]
    assert all(target[row["a_number"]] == row["target"] != target[row["c_number"]] for row in across)


def test_the_columns_are_those_of_connections(digits, digit_pairs):
    row = isthmus.connect(digits, *(part[:1] for part in digit_pairs))[0].row()
    assert set(row) == set(result_schema().names) - (set(PAIR_COLUMNS) - {"target"}) - {"reason"}


def test_the_table_reads_in_duckdb_and_pandas(finished, tmp_path):
    count = finished.results.write_table(tmp_path / "t.parquet")
    assert count == finished.plan().pairs == len(pyarrow.parquet.read_table(tmp_path / "t.parquet").to_pandas())
    query = f"select count(*), sum(connected::int) from '{tmp_path}/t.parquet' where kind = 'within'"
    pairs, connected = duckdb.sql(query).fetchall()[0]
    within = [row for row in rows_of(finished) if row["kind"] == "within"]
    assert (pairs, connected) == (len(within), sum(row["connected"] for row in within))
    shards = duckdb.sql(f"select count(*) from read_parquet('{finished.folder}/shards/*.parquet')").fetchall()[0]
    assert shards == (count,)
    assert finished.results.write_table(tmp_path / "t.csv") == count
    with pytest.raises(IsthmusError, match=r"\.parquet or \.csv"):
        finished.results.write_table(tmp_path / "t.xlsx")


def test_a_finished_study_is_resumed_without_work(study):
    study.run(device="cpu")
    before = {file: file.stat().st_mtime_ns for file in (study.folder / "shards").iterdir()}
    with pytest.raises(IsthmusError, match="--resume"):
        study.run(device="cpu")
    assert study.run(device="cpu", resume=True).complete
    assert {file: file.stat().st_mtime_ns for file in (study.folder / "shards").iterdir()} == before
    assert study.run(device="cpu", overwrite=True).complete
    after = {file: file.stat().st_mtime_ns for file in (study.folder / "shards").iterdir()}
    assert set(after) == set(before) and after != before  # the same names: the same content


def test_what_differs_is_named(study, text, monkeypatch, tmp_path):
    weights = tmp_path / "digits.pt"
    state = isthmus.load_network("digits").model.state_dict()
    torch.save(state, weights)
    x, y = isthmus_images(tmp_path)
    text = text.replace('spec = "digits"', f'spec = "digits"\nweights = "{weights}"')
    text = text.replace('source = "digits"', f'source = "{tmp_path / "images.npz"}"')
    (study.folder / "study.toml").write_text(text)
    study = Study(study.folder)
    study.run(device="cpu")

    def refused() -> str:
        with pytest.raises(IsthmusError) as caught:
            Study(study.folder).run(device="cpu", resume=True)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    (study.folder / "study.toml").write_text(text.replace("title = ", "title = 'Another title' # "))
    assert Study(study.folder).run(device="cpu", resume=True).complete  # a title changes no number
    (study.folder / "study.toml").write_text(text + "\n[connect]\nrounds = 2\n")
    assert "connect.settings.rounds (absent, now 2)" in refused()
    (study.folder / "study.toml").write_text(text.replace("per_class = 6", "per_class = 7"))
    assert "pairs.0.per_class (6, now 7)" in refused()
    (study.folder / "study.toml").write_text(text)
    torch.save(state | {"0.bias": state["0.bias"] + 0.01}, weights)
    assert "the weights of network trained" in refused()
    torch.save(state, weights)
    x[3, 0, 0] ^= 1
    np.savez(tmp_path / "images.npz", x=x, y=y)
    assert "the inputs digits" in refused()
    x[3, 0, 0] ^= 1
    np.savez(tmp_path / "images.npz", x=x, y=y)
    monkeypatch.setattr("isthmus.studies.fingerprint.versions", lambda: {"isthmus": "9.9", "torch": torch.__version__})
    assert "the code version: isthmus" in refused()
    monkeypatch.undo()
    monkeypatch.setattr("isthmus.studies.fingerprint.code_digest", lambda: "other")
    assert "the code version: source" in refused()
    monkeypatch.undo()
    assert Study(study.folder).run(device="cpu", resume=True).complete


def isthmus_images(folder):
    from sklearn.datasets import load_digits

    data = load_digits()
    x, y = (data.images[::5] * 15).astype(np.uint8), data.target[::5]
    np.savez(folder / "images.npz", x=x, y=y)
    return x, y


def half_written(file):
    """Leaves what a process leaves that is killed while it writes a file."""
    names = []
    write_whole(file, lambda temporary: names.append(temporary))
    file.unlink()
    names[0].write_bytes(b"half")
    return names[0]


def test_nothing_stays_that_is_half_written(study):
    """Whatever a killed run was writing: its plan, what it planned, a shard of its own; but no shard of another's."""
    shards = study.folder / "shards"
    study.run(device="cpu")
    whole = sorted(shards.iterdir())
    for place in (shards, study.folder / ".planning"):
        place.mkdir(exist_ok=True)
    of_another = half_written(shards / ("00000-" + "f" * 8 + whole[0].name[14:]))
    for file in (whole[0], study.folder / "study.toml", study.folder / ".planning" / "pairs.parquet"):
        kept = file.read_bytes() if file.exists() else None
        half_written(file)
        if kept is not None:
            file.write_bytes(kept)
    study.run(device="cpu", resume=True)
    assert [file for file in study.folder.rglob(".*") if file.name != ".lock"] == [of_another]
    half_written(study.folder / "study.toml.earlier")
    (study.folder / ".planning").mkdir()
    half_written(study.folder / ".planning" / "pairs.parquet")
    assert study.run(device="cpu", overwrite=True).complete
    assert [file for file in study.folder.rglob(".*") if file.name != ".lock"] == [of_another]


@pytest.mark.slow
def test_killed_at_any_moment(tmp_path, text, start):
    """Rows are those of a study that nobody killed: none lost, none twice, none changed."""
    text = text.replace("per_class = 6", "per_class = 60")
    finished, study = (Study.create(tmp_path / name, text) for name in ("finished", "study"))
    finished.run(device="cpu")
    moments = random.Random(0)
    kills = 0
    while True:
        process = start("study", "run", study.folder, "--device", "cpu", "--resume")
        try:
            # At last it may end; before, it is killed while it starts, plans, solves or writes.
            process.communicate(timeout=None if kills == 5 else 1.0 + 3.5 * moments.random())
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            kills += 1
            continue
        assert process.returncode == 0
        break
    assert kills > 0
    assert_same_rows(rows_of(study), rows_of(finished))
    assert not [file for file in study.folder.rglob(".*") if file.name != ".lock"]


def test_sigterm_ends_soon_and_cleanly(tmp_path, text, start):
    folder = tmp_path / "study"
    long = text.replace("per_class = 6", "per_class = 400").replace("pairs = 25", "pairs = 100")
    Study.create(folder, long)
    process = start("study", "run", folder, "--device", "cpu")
    give_up = time.monotonic() + 100
    while not list(folder.glob("shards/[!.]*.parquet")):
        assert process.poll() is None and time.monotonic() < give_up
        time.sleep(0.05)
    began = time.monotonic()
    process.terminate()
    _, err = process.communicate(timeout=30)
    assert time.monotonic() - began < 30
    assert process.returncode == 143
    assert "shards are finished and kept; go on with: isthmus study run" in err and "Traceback" not in err
    status = Study(folder).status()
    assert 0 < status.shards_done < status.shards and not status.damaged


def test_reading_shards_starts_no_threads(finished):
    """One that still holds a shard when Python ends would abort the process (seen as exit code -6)."""
    plan = finished.plan()
    assert plan is not None
    code = (
        "import os, sys, pyarrow.parquet; from pathlib import Path; from isthmus.studies.shards import Shards; "
        "from isthmus.studies.store import FolderStore; "
        "shards = Shards(FolderStore(Path(sys.argv[1])), sys.argv[2]); "
        "before = len(os.listdir('/proc/self/task')); "
        "rows = [shards.read(shard) for shard in shards.finished().values()]; "
        "print(len(rows) > 1, len(os.listdir('/proc/self/task')) - before)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, finished.folder / "shards", plan.digest],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.split() == ["True", "0"]


def test_the_second_run_on_a_folder_is_refused(study, finished, program):
    shutil.copytree(finished.folder, study.folder, dirs_exist_ok=True)
    opened = Study(study.folder)
    with opened._alone():
        line = program("study", "run", study.folder, "--resume", "--device", "cpu").one_line()
    assert "Another run is at work" in line
    assert program("study", "run", study.folder, "--resume", "--device", "cpu").code == 0


def test_a_full_disk_is_one_line_and_the_study_goes_on(study, finished, start):
    """A limit on the size of files stands for the full disk: it fails in the midst of writing as well."""
    study.prepare(device="cpu")
    sizes = sorted(file.stat().st_size for file in (finished.folder / "shards").iterdir())
    limit = sizes[len(sizes) // 2]

    def little_room() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    process = start("study", "run", study.folder, "--resume", "--device", "cpu", preexec_fn=little_room)
    _, err = process.communicate(timeout=100)
    lines = [line for line in err.strip().splitlines() if line.startswith("isthmus: ") and "note" not in line]
    assert process.returncode == 1 and len(lines) == 1 and "cannot be written" in lines[0] and "Traceback" not in err
    assert not study.status().damaged and not study.status().complete
    assert study.run(device="cpu", resume=True).complete
    assert_same_rows(rows_of(study), rows_of(finished))


@pytest.mark.parametrize("paths", [False, True])
def test_no_damage_is_ever_read(tmp_path, text, paths):
    study = Study.create(tmp_path / "study", text + f"paths = {str(paths).lower()}\n")
    study.run(device="cpu")
    good = rows_of(study)
    files = sorted((study.folder / "shards").iterdir())
    assert {file.suffix for file in files} == ({".parquet", ".safetensors"} if paths else {".parquet"})
    chance = random.Random(1)
    for _ in range(60):
        file = chance.choice(files)
        content = file.read_bytes()
        broken = damaged(content, chance)
        file.write_bytes(broken)
        status = study.status()
        assert len(status.damaged) == 1 and file.name in next(iter(status.damaged.values()))
        if file.suffix == ".parquet":
            with pytest.raises(IsthmusError, match=file.name):
                study.results.table()
        file.write_bytes(content)
    file.write_bytes(broken)
    with pytest.raises(IsthmusError, match="--repair"):
        study.run(device="cpu", resume=True)
    assert study.run(device="cpu", resume=True, repair=True).complete
    assert rows_of(study) == good


def test_a_damaged_plan_is_refused(study):
    study.prepare(device="cpu")
    chance = random.Random(2)
    for name in ("plan.json", "pairs.parquet", "inputs.parquet", "study.toml"):
        file = study.folder / "plan" / name
        content = file.read_bytes()
        for _ in range(40):
            file.write_bytes(damaged(content, chance))
            with pytest.raises(IsthmusError, match=r"damaged or changed|cannot be read|no plan of a study"):
                load_plan(study.folder / "plan")
        file.write_bytes(content)
    assert load_plan(study.folder / "plan") is not None


def test_two_studies_may_share_a_place(tmp_path, text):
    text += 'store = "../shared"\n'
    one = Study.create(tmp_path / "one", text)
    other = Study.create(tmp_path / "other", text.replace("seed = 3", "seed = 4"))
    for study in (one, other):
        assert study.run(device="cpu").complete
    rows = rows_of(one), rows_of(other)
    assert {row["pair_id"] for row in rows[0]} != {row["pair_id"] for row in rows[1]}
    (tmp_path / "shared" / ".isthmus-00000-ffffffff-of-another-run.parquet").write_text("half-written")
    assert other.run(device="cpu", overwrite=True).complete
    assert one.run(device="cpu", resume=True, repair=True).complete
    assert (rows_of(one), rows_of(other)) == rows
    assert (tmp_path / "shared" / ".isthmus-00000-ffffffff-of-another-run.parquet").exists()


def test_a_shard_under_another_name_is_not_taken_for_one(study):
    study.run(device="cpu")
    first, second = sorted((study.folder / "shards").iterdir())[:2]
    second.unlink()
    first.rename(second.with_name("00001" + first.name[5:]))
    assert list(study.status().damaged) == [1]


def test_what_is_solved_is_what_was_planned(study, text, finished, program):
    """The file may be edited while a run goes on, and after it."""
    study.prepare(device="cpu")
    edited = text.replace("[shards]", '[connect]\nmethod = "straight"\n[shards]')
    job = Job(str(study.folder), study.plan().digest, "cpu")
    (study.folder / "study.toml").write_text(edited)
    for number in range(len(study.plan().pieces)):
        assert Worker(job).solve(number).failure is None
    assert_same_rows(rows_of(Study(study.folder)), rows_of(finished))
    assert program("study", "report", study.folder, "--device", "cpu").code == 0
    page = (study.folder / "report" / "index.html").read_text()
    assert "straight&#34;" not in page and "<dd>bypass</dd>" in page
    with pytest.raises(IsthmusError, match=r"connect\.method"):
        Study(study.folder).run(device="cpu", resume=True)


def test_workers_refuse_another_network_or_plan(study, tmp_path, text):
    weights = tmp_path / "digits.pt"
    state = isthmus.load_network("digits").model.state_dict()
    torch.save(state, weights)
    (study.folder / "study.toml").write_text(text.replace('spec = "digits"', f'spec = "digits"\nweights = "{weights}"'))
    plan = Study(study.folder).prepare(device="cpu")
    torch.save(state | {"0.bias": state["0.bias"] + 1}, weights)
    done = Worker(Job(str(study.folder), plan.digest, "cpu")).solve(0)
    assert "was changed since the study was planned" in done.failure
    with pytest.raises(IsthmusError, match="planned anew"):
        Worker(Job(str(study.folder), "0" * 64, "cpu"))


def test_nothing_is_lost_before_the_new_plan_is_whole(study, program, text):
    study.run(device="cpu")
    (study.folder / "plan" / "notes.md").write_text("mine")
    before = sorted((study.folder / "shards").iterdir())
    both = program("study", "run", study.folder, "--resume", "--overwrite", "--device", "cpu")
    assert "exclude one another" in both.one_line()
    for device in ("cuda:7", "banana"):
        assert (
            "cannot be used here" in program("study", "run", study.folder, "--overwrite", "--device", device).one_line()
        )
    (study.folder / "study.toml").write_text(text.replace('source = "digits"', 'source = "nowhere"'))
    assert program("study", "run", study.folder, "--overwrite", "--device", "cpu").code == 1
    (study.folder / "study.toml").write_text(text)
    assert sorted((study.folder / "shards").iterdir()) == before
    assert Study(study.folder).run(device="cpu", resume=True).complete
    (study.folder / "study.toml").write_text(text.replace("seed = 3", "seed = 5"))
    assert Study(study.folder).run(device="cpu", overwrite=True).complete
    assert not set(before) & set((study.folder / "shards").iterdir())
    assert (study.folder / "plan" / "notes.md").read_text() == "mine"


def test_the_code_of_ones_own_network_must_stay(tmp_path, monkeypatch, start):
    monkeypatch.chdir(tmp_path)
    code = (
        "import torch\nfrom isthmus import Unbounded\nfrom isthmus.landscapes import AbstractLandscape, Evaluation\n"
        "class Bowl(AbstractLandscape):\n"
        "    def forward(self, x, target):\n"
        "        loss = FACTOR * (x ** 2).sum(1)\n"
        "        return Evaluation(loss, -loss[:, None])\n"
        "def bowl():\n    return Bowl(domain=Unbounded())\n"
    )
    (tmp_path / "bowls.py").write_text(code.replace("FACTOR", "1"))
    np.savez(tmp_path / "x.npz", x=np.random.default_rng(0).normal(size=(9, 2)))
    text = '[images.x]\nsource = "../x.npz"\n[networks.n]\nspec = "py:bowls:bowl"\n[[pairs]]\nkind = "within"\n'
    Study.create(tmp_path / "study", text + "[shards]\npairs = 5\n")
    process = start("study", "run", "study", "--device", "cpu")
    assert process.wait(100) == 0, process.stderr.read()
    (tmp_path / "bowls.py").write_text(code.replace("FACTOR", "3"))
    process = start("study", "run", "study", "--resume", "--device", "cpu")
    _, err = process.communicate(timeout=100)
    assert process.returncode == 1 and "network n: module_sha256" in err
    ignored = text.replace('bowl"', 'bowl"\nmean = [0.5]')
    with pytest.raises(IsthmusError, match="takes no mean"):
        Study.create(tmp_path / "other", ignored).prepare(device="cpu")


def test_inputs_that_are_no_numbers_are_set_aside_by_name(tmp_path, digit_images):
    x, y = (part.numpy().copy() for part in digit_images)
    x[17, 0, 2, 2], x[30, 0, 0, 0] = np.nan, 7.0
    np.savez(tmp_path / "x.npz", x=x, y=y)
    text = f'[images.some]\nsource = "{tmp_path}/x.npz"\n[networks.n]\nspec = "digits"\n[[pairs]]\nkind = "within"\n'
    plan = Study.create(tmp_path / "study", text).prepare(device="cpu")
    assert list(plan.skipped["some"]) == ["x[17]", "x[30]"]
    assert "NaN" in plan.skipped["some"]["x[17]"] and "outside the domain" in plan.skipped["some"]["x[30]"]


def test_names_that_are_no_text(tmp_path, digit_folder):
    images = tmp_path / "images"
    shutil.copytree(digit_folder, images)
    first = min((images / "4").iterdir())
    os.rename(os.fsencode(first), os.fsencode(images / "4") + b"/caf\xe9.png")  # noqa: PTH104 (a path of bytes)
    text = f'[images.some]\nsource = "{images}"\n[networks.n]\nspec = "digits"\n[[pairs]]\nkind = "within"\n'
    study = Study.create(tmp_path / "study", text + "[shards]\npairs = 50\n")
    assert study.run(device="cpu").complete
    assert any("caf?.png" in row[end] for row in rows_of(study) for end in ("a", "c"))


def test_classes_without_pairs_are_named(tmp_path, digit_images):
    x, y = (part.numpy().copy() for part in digit_images)
    x[y == 9] = 0.0
    np.savez(tmp_path / "x.npz", x=x, y=y)
    text = f'[images.some]\nsource = "{tmp_path}/x.npz"\n[networks.n]\nspec = "digits"\n[[pairs]]\nkind = "within"\n'
    plan = Study.create(tmp_path / "study", text).prepare(device="cpu")
    assert any("no input of 9 is recognised" in note for note in plan.notes)


def test_the_same_network_twice_is_said(tmp_path, text):
    text = text.replace('spec = "untrained:digits?seed=1&classes=10"', 'spec = "digits"')
    with pytest.raises(IsthmusError, match="every pair was drawn before"):
        Study.create(tmp_path / "study", text).prepare(device="cpu")


def test_shards_hold_pairs_of_one_kind(finished):
    for piece in finished.plan().pieces:
        assert len({row["kind"] for row in finished.plan().rows(piece.begin, piece.end)}) == 1


def test_a_store_that_is_no_folder(tmp_path):
    """An object store writes in one go; elsewhere a file appears by being moved."""
    from pyarrow import fs

    for object_store in (False, True):
        place = tmp_path / str(object_store)
        store = UrlStore("far://away", fs.SubTreeFileSystem(str(tmp_path), fs.LocalFileSystem()), str(object_store))
        assert not store.whole and store.names() == []
        store.whole = object_store
        store.write("a.parquet", b"content")
        assert store.names() == ["a.parquet"] and store.read("a.parquet") == b"content"
        (place / ".isthmus-b.parquet").write_bytes(b"half")
        assert store.leftovers() == [".isthmus-b.parquet"] and store.names() == ["a.parquet"]
        store.remove(".isthmus-b.parquet")
        assert store.leftovers() == []
        with pytest.raises(IsthmusError, match="far://away/c cannot be read"):
            store.read("c")


def test_unreadable_images_are_set_aside_by_name(tmp_path, digit_folder, program):
    images = tmp_path / "images"
    shutil.copytree(digit_folder, images)
    (images / "4" / "bad <b>.png").write_bytes(b"no picture")
    text = f"""
    [images.some]
    source = "{images}"
    [networks.digits]
    spec = "digits"
    [[pairs]]
    kind = "within"
    per_class = 4
    [shards]
    pairs = 10
    """
    study = Study.create(tmp_path / "study", text)
    plan = study.prepare(device="cpu")
    assert list(plan.skipped["some"]) == ["4/bad <b>.png"]
    # One more becomes unreadable after the pairs were drawn: its pairs are counted, and the others go on.
    victim = plan.rows(0, 1)[0]["a"]
    content = (images / victim).read_bytes()
    Image.new("L", (8, 8)).save(images / victim)
    with pytest.raises(IsthmusError, match="the inputs some"):
        study.run(device="cpu", resume=True)
    (images / victim).write_bytes(content)
    job = Job(str(study.folder), plan.digest)
    Image.new("L", (8, 8)).save(images / victim)
    for number in range(len(plan.pieces)):
        assert Worker(job).solve(number).failure is None
    rows = rows_of(study)
    lost = [row for row in rows if row["outcome"] == "unreadable" and row["pair_id"]]
    assert lost and all(victim in (row["a"], row["c"]) and "was changed" in row["reason"] for row in lost)
    assert len([row for row in rows if row["pair_id"]]) == plan.pairs
    aside = [row for row in rows if row["pair_id"] is None]
    assert [row["a"] for row in aside] == ["4/bad <b>.png"] and "no image" in aside[0]["reason"]
    summary = study.results.summary()
    assert summary.set_aside == 1 and summary.groups[0].unreadable == len(lost)
    assert summary.groups[0].pairs == plan.pairs
    (images / victim).write_bytes(content)
    ran = program("study", "report", study.folder, "--device", "cpu")
    assert ran.code == 0, ran.err
    page = (study.folder / "report" / "index.html").read_text()
    assert "4/bad &lt;b&gt;.png" in page and "bad <b>" not in page


def test_a_class_without_pairs_is_noted_and_none_at_all_is_an_error(tmp_path, digit_images):
    x, y = digit_images
    np.savez(tmp_path / "few.npz", x=x[:14].numpy(), y=y[:14].numpy())
    text = (
        f'[images.few]\nsource = "{tmp_path}/few.npz"\n[networks.digits]\nspec = "digits"\n[[pairs]]\nkind = "within"\n'
    )
    plan = Study.create(tmp_path / "study", text).prepare(device="cpu")
    assert "classes have fewer than 10 pairs of the kind within" in plan.notes[0]
    np.savez(tmp_path / "few.npz", x=x[:1].numpy(), y=y[:1].numpy())
    with pytest.raises(IsthmusError, match="there is no pair"):
        Study.create(tmp_path / "none", text).prepare(device="cpu")


def test_a_shard_that_fails_does_not_stop_the_others(tmp_path, monkeypatch, program):
    (tmp_path / "nets.py").write_text(
        "import torch\n"
        "class Sick(torch.nn.Module):\n"
        "    def __init__(self):\n"
        "        super().__init__()\n"
        "        self.weight = torch.nn.Parameter(torch.ones(1))\n"
        "        self.calls = 0\n"
        "    def forward(self, x):\n"
        "        import os\n"
        "        if os.environ.get('SICK') and 0.15 < float(x.mean()) and len(x) > 8 and x.requires_grad is False:\n"
        "            raise RuntimeError('a bad day')\n"
        "        return torch.nn.functional.pad(x.flatten(1)[:, :9] * self.weight, (0, 1))\n"
        "def sick():\n"
        "    return Sick()\n"
    )
    monkeypatch.chdir(tmp_path)
    random_x = torch.rand(60, 1, 3, 3, generator=torch.Generator().manual_seed(0)).numpy()
    np.savez(tmp_path / "x.npz", x=random_x)
    text = '[images.x]\nsource = "../x.npz"\n[networks.n]\nspec = "py:nets:sick"\n'
    text += '[[pairs]]\nkind = "within"\n[shards]\npairs = 9\n'
    study = Study.create(tmp_path / "study", text)
    study.prepare(device="cpu")
    monkeypatch.setenv("SICK", "1")
    ran = program("study", "run", study.folder, "--resume", "--device", "cpu")
    lines = [line for line in ran.err.splitlines() if "failed" in line]
    assert ran.code == 1 and len(lines) == 1 and "RuntimeError: a bad day" in lines[0]
    monkeypatch.delenv("SICK")
    assert study.run(device="cpu", resume=True).complete


def test_results_go_to_a_url(study, finished, tmp_path, text):
    url = (tmp_path / "far away").as_uri()
    (study.folder / "study.toml").write_text(text + f'store = "{url}"\n')
    there = Study(study.folder)
    assert there.run(device="cpu").complete
    assert not (study.folder / "shards").exists() and len(list((tmp_path / "far away").iterdir())) > 3
    assert_same_rows(rows_of(there), rows_of(finished))
    file = next((tmp_path / "far away").iterdir())
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(IsthmusError, match=file.name):
        there.results.table()
    (study.folder / "study.toml").write_text(text + 'store = "nowhere://x"\n')
    with pytest.raises(IsthmusError, match="no place that pyarrow can write"):
        Study(study.folder)


def test_connections_are_stored_or_solved_again(tmp_path, text, finished):
    kept = Study.create(tmp_path / "kept", text + "paths = true\n")
    kept.run(device="cpu")
    rows = rows_of(kept)
    pairs = [0, 30, len(rows) - 1]
    stored = kept.results.connections(pairs, device="cpu")
    solved = finished.results.connections(pairs, device="cpu")
    for pair, one, other in zip(pairs, stored, solved, strict=True):
        assert one.profile.max_loss == pytest.approx(rows[pair]["max_loss"], abs=1e-5)
        assert other.profile.max_loss == pytest.approx(rows[pair]["max_loss"], abs=1e-4)
        torch.testing.assert_close(one.path.vertices, other.path.vertices, atol=1e-4, rtol=0)


def test_a_landscape_of_ones_own(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    points = np.zeros((12, 2))
    points[:, 0] = np.where(np.arange(12) % 2, 1, -1) + np.linspace(-0.1, 0.1, 12)
    np.savez(tmp_path / "x.npz", x=points)
    text = f'[images.x]\nsource = "{tmp_path}/x.npz"\n[networks.n]\nspec = "py:isthmus.testing.landscapes:DoubleWell"\n'
    study = Study.create(
        tmp_path / "study", text + '[[pairs]]\nkind = "within"\nper_class = 100\n[connect]\nthreshold = 1.05\n'
    )
    assert study.run(device="cpu").complete
    rows = rows_of(study)
    assert len(rows) == 66 and sum(row["rounds"] > 0 for row in rows) == 36 and all(row["connected"] for row in rows)


def test_a_study_can_certify_its_connections(tmp_path, text):
    text = text.replace('[networks.fresh]\nspec = "untrained:digits?seed=1&classes=10"\n', "").replace(
        'kind = "across"\nper_class = 3', 'kind = "within"\nname = "more"\nper_class = 2'
    )
    certified = Study.create(tmp_path / "study", text + '[connect]\nverify = "exact"\n')
    assert certified.run(device="cpu").complete
    rows = rows_of(certified)
    assert len(rows) == 60 and all(
        row["certificate"] == "pieces" and row["parts"] > 1 for row in rows if row["connected"]
    )
    assert sum(row["connected"] for row in rows) > 50


def test_a_network_that_is_not_affine_on_pieces_cannot_be_certified(tmp_path, text):
    text = text.replace('spec = "digits"', 'spec = "untrained:py:isthmus.networks.small:vit?seed=0"')
    study = Study.create(tmp_path / "study", text + '[connect]\nverify = "exact"\n')
    with pytest.raises(IsthmusError, match=r"is not affine on pieces.*isthmus\.profile"):
        study.run(device="cpu")


def test_results_say_what_they_are_of(finished):
    finished.results.write_json("Some digits")
    result = json.loads((finished.folder / "result.json").read_text())
    assert result["schema"] == "isthmus/study-result/1" and result["pairs"] == result["pairs_done"]
    assert {group["kind"] for group in result["summary"]["groups"]} == {"within", "across"}
    (finished.folder / "result.json").unlink()


def test_importing_studies_needs_no_torch_for_help():
    code = "import sys; from isthmus.cli.main import run; run(['study', '--help']); assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=os.environ)
    assert done.returncode == 0 and "report" in done.stdout, done.stderr


def test_studies_of_version_0_2_still_load(tmp_path, program):
    """They called all inputs images: in the study's file, in its tables, and in its plan."""
    with zipfile.ZipFile(Path(__file__).with_name("kept_by_0_2.zip")) as file:
        file.extractall(tmp_path)
    study = Study(tmp_path / "study")
    assert study.status().complete and not study.status().damaged
    table = study.results.table()
    assert study.results.table(["images", "a"]).schema.names == ["inputs", "a"]
    assert "images" not in table.schema.names and set(table["inputs"].to_pylist()) == {"digits"}
    assert study.results.plan.digests("digits") and study.results.summary().groups[0].inputs == "digits"
    assert [pair.inputs for pair in study.results.picks()] == ["digits"] * 3
    stored = study.results.connections([0])[0]
    again = Bench(study.results.plan, study.folder, "cpu").solve(study.results.plan.rows(0, 1), keep=True).kept[0]
    assert stored.profile.max_loss == pytest.approx(again.profile.max_loss, rel=1e-4)
    ran = program("study", "report", study.folder)
    assert ran.code == 0, ran.err
    refused = program("study", "run", study.folder, "--resume", "--device", "cpu")
    assert refused.code == 1 and "code version" in refused.err and "inputs" not in refused.err


def test_one_thing_under_both_of_its_names_is_refused(tmp_path, text):
    with pytest.raises(StudyError, match="two names of the same thing"):
        Study.create(tmp_path / "study", text + '\n[inputs.more]\nsource = "digits"\n').prepare(device="cpu")
