"""What studies promise, measured: kills, damage, scale, and a million pairs.

python -m benchmarks.studies kills [--times 100]
python -m benchmarks.studies damage [--times 1000]
python -m benchmarks.studies scale          (needs the assets and Ray; about ten minutes)
python -m benchmarks.studies million        (about ten minutes)
"""

from __future__ import annotations

import argparse
import math
import os
import random
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from benchmarks import assets
from isthmus import connect
from isthmus.studies import Local, OnRay, Study
from isthmus.studies.plan import Plan
from isthmus.studies.shards import Shards
from isthmus.studies.solving import Bench
from isthmus.studies.store import open_store
from isthmus.studies.template import study_text

ONE_THREAD = {**os.environ, "OMP_NUM_THREADS": "1"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("part", choices=["kills", "damage", "scale", "million"])
    parser.add_argument("--times", type=int)
    parser.add_argument("--pairs", type=int, default=1_000_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        if options.part == "kills":
            kills(folder, options.times or 100)
        elif options.part == "damage":
            damage(folder, options.times or 1000)
        elif options.part == "scale":
            scale(folder)
        else:
            million(folder, options.pairs)


def program(*arguments: object, **options: object) -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-m", "isthmus", *map(str, arguments)], text=True, **options)  # type: ignore[call-overload,no-any-return]


def rows_of(study: Study) -> list[dict[str, object]]:
    return study.results.table().to_pylist()


def kills(folder: Path, times: int) -> None:
    """Kills the default study at random moments until it is done, again and again, and compares all rows."""
    text, chance = study_text(), random.Random(0)
    whole = Study.create(folder / "whole", text)
    whole.run(device="cpu")
    expected = rows_of(whole)
    killed = rounds = done = 0
    while killed < times:
        done += 1
        study = Study.create(folder / f"killed{done}", text)
        while True:
            rounds += 1
            process = program("study", "run", study.folder, "--resume", stdout=-3, stderr=-3)
            try:
                process.wait(timeout=chance.uniform(0.2, 9.0))
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.wait()
                killed += 1
                continue
            assert process.returncode == 0, process.returncode
            break
        found = rows_of(study)
        ids = [row["pair_id"] for row in found]
        lost = len({row["pair_id"] for row in expected} - set(ids))
        twice = len(ids) - len(set(ids))
        changed = sum(not same(one, other) for one, other in zip(found, expected, strict=True))
        print(f"study {done}: {killed} kills so far; {lost} rows lost, {twice} twice, {changed} changed", flush=True)


def same(one: dict[str, object], other: dict[str, object]) -> bool:
    for name, value in one.items():
        if isinstance(value, float):
            reference = other[name]
            assert isinstance(reference, float)
            if not (abs(value - reference) <= 1e-4 or (math.isnan(value) and math.isnan(reference))):
                return False
        elif value != other[name]:
            return False
    return True


def damage(folder: Path, times: int) -> None:
    """Flips a bit or cuts the end of a random shard, and looks whether every one of these is detected and named."""
    study = Study.create(folder / "study", study_text().replace("paths = false", "paths = true").replace("2700", "40"))
    study.run(device="cpu")
    files = sorted((study.folder / "shards").iterdir())
    plan, chance, missed = study.plan(), random.Random(0), 0
    assert isinstance(plan, Plan)
    shards = Shards(open_store("shards", study.folder), plan.digest)
    for _ in range(times):
        file = chance.choice(files)
        content = file.read_bytes()
        file.write_bytes(damaged(content, chance))
        number = int(file.name.split("-")[0])
        problem = shards.problem(shards.finished()[number])
        missed += problem is None or file.name not in problem
        file.write_bytes(content)
    print(f"{times} tries on {len(files)} files: {missed} not detected")
    assert study.status().complete


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Content with its end cut off, or with one bit flipped."""
    place = chance.randrange(len(content))
    if chance.random() < 0.3:
        return content[:place]
    return content[:place] + bytes([content[place] ^ (1 << chance.randrange(8))]) + content[place + 1 :]


def scale(folder: Path) -> None:
    """Pairs a minute with one and with two workers of one thread, and of the plain loop on the same pairs."""
    torch.set_num_threads(1)
    text = f"""
    [images.cifar10]
    source = "{assets.need() / "cifar10" / "test"}"
    [networks.resnet20]
    spec = "py:benchmarks.networks:cifar_resnet20"
    weights = "{assets.need() / "models" / "cifar10_resnet20_jpeg.npz"}"
    [[pairs]]
    kind = "within"
    per_class = 400
    [shards]
    pairs = 1000
    """
    first = Study.create(folder / "plain", text)
    plan = first.prepare(device="cpu")
    print(f"{plan.pairs} pairs in {len(plan.pieces)} shards")
    bench = Bench(first.config, first.folder, plan, "cpu")
    problem = bench.problem("resnet20", "cifar10")
    rows = plan.rows(0, plan.pairs)
    connect_rows(problem, rows[:20])
    began = time.perf_counter()
    for piece in plan.pieces:
        connect_rows(problem, rows[piece.begin : piece.end])
    plain = time.perf_counter() - began
    print(f"plain loop, inputs in memory: {plain:.1f} s, {60 * plan.pairs / plain:.0f} pairs a minute", flush=True)
    rates = {}
    tables = {}
    for name, engine in (
        ("local", Local()),
        ("ray, 1 worker", OnRay(workers=1)),
        ("ray, 2 workers", OnRay(workers=2)),
    ):
        study = Study.create(folder / name.replace(" ", "-").replace(",", ""), text)
        study.prepare(device="cpu")
        stamps: list[float] = []
        began = time.perf_counter()
        study.run(engine=engine, device="cpu", resume=True, on_done=lambda _, s=stamps: s.append(time.perf_counter()))  # type: ignore[misc]
        seconds = time.perf_counter() - began
        rates[name] = plan.pairs / seconds
        tables[name] = rows_of(study)
        print(
            f"{name}: {seconds:.1f} s with start and end, {60 * rates[name]:.0f} pairs a minute, "
            f"{100 * (seconds / plain - 1):+.1f} % of the plain loop's time; "
            f"first shard after {stamps[0] - began:.1f} s",
            flush=True,
        )
    print(f"two workers / one: {rates['ray, 2 workers'] / rates['ray, 1 worker']:.2f}")
    for name, table in tables.items():
        equal = sum(same(one, other) for one, other in zip(table, tables["local"], strict=True))
        print(f"rows of {name} equal to those of local to 1e-4, in the same order: {equal} of {len(table)}")


def connect_rows(problem: object, rows: list[dict[str, int]]) -> None:
    """What one would write without studies."""
    a, c = (
        torch.stack([problem.inputs.read(row[end], problem.preprocessing) for row in rows])
        for end in ("a_number", "c_number")
    )  # type: ignore[attr-defined]
    target = torch.tensor([row["target"] for row in rows])
    connect(problem.landscape, a, c, target).table()  # type: ignore[attr-defined]


def million(folder: Path, pairs: int) -> None:
    """Plans, runs, kills, resumes, lists, tabulates and reports so many pairs of a toy landscape, with memory."""
    count = 2 + int((2 * pairs) ** 0.5)
    points = np.random.default_rng(0).normal(0, 0.15, (count, 2)).clip(-0.9, 0.9)
    points[:, 0] += np.where(np.arange(count) % 2, 1, -1)
    np.savez(folder / "points.npz", x=points)
    text = f"""
    [images.points]
    source = "{folder / "points.npz"}"
    [networks.toy]
    spec = "py:isthmus.testing.landscapes:DoubleWell"
    [[pairs]]
    kind = "within"
    per_class = {pairs}
    [connect]
    method = "straight"
    sampling = {{ intervals = 8, per_segment = 4 }}
    """
    study = Study.create(folder / "study", text)
    baseline = memory_of([sys.executable, "-c", "import isthmus.studies.study, pyarrow.parquet"])[1]
    print(f"baseline: {baseline:.2f} GiB")
    command = [sys.executable, "-m", "isthmus", "study"]

    def step(name: str, *arguments: object, kill_after: float | None = None) -> None:
        seconds, top = memory_of([*command, *map(str, arguments)], kill_after)
        print(f"{name}: {seconds:.1f} s, {top - baseline:+.2f} GiB", flush=True)

    step("plan", "plan", study.folder)
    step("run until killed", "run", study.folder, "--resume", kill_after=100)
    step("status", "status", study.folder)
    step("resume to the end", "run", study.folder, "--resume")
    step("resume with nothing to do", "run", study.folder, "--resume")
    step("status", "status", study.folder)
    step("table", "table", study.folder, "--out", folder / "t.parquet")
    step("report", "report", study.folder)
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(folder / "t.parquet", columns=["pair_id"])
    ids = table["pair_id"].to_pylist()
    sizes = [file.stat().st_size / 2**20 for file in (folder / "t.parquet", study.folder / "report" / "index.html")]
    print(f"{len(ids)} rows, {len(set(ids))} different pairs, table {sizes[0]:.0f} MiB, page {sizes[1]:.2f} MiB")


def memory_of(command: list[str], kill_after: float | None = None) -> tuple[float, float]:
    """Seconds and peak memory in GiB of a command, which is killed after so many seconds if asked."""
    began = time.perf_counter()
    child = os.fork()
    if not child:  # a process between: the peak of its children is that of this command alone
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        code = 0
        try:
            code = process.wait(timeout=kill_after)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        top = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        os.write(pipe[1], f"{top} {code}\n".encode())
        os._exit(0)
    os.waitpid(child, 0)
    top, code = os.read(pipe[0], 100).split()
    assert code == b"0", f"{' '.join(command)} ended with {code.decode()}"
    return time.perf_counter() - began, int(top) / 2**20


pipe = os.pipe()

if __name__ == "__main__":
    main()
