from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from isthmus.studies import Study

TEXT = """
title = "Some digits"
seed = 3

[images.digits]
source = "digits"

[networks.trained]
spec = "digits"

[networks.fresh]
spec = "untrained:digits?seed=1&classes=10"

[[pairs]]
kind = "within"
per_class = 6

[[pairs]]
kind = "across"
per_class = 3

[shards]
pairs = 25
"""


@pytest.fixture
def text() -> str:
    return TEXT


@pytest.fixture
def study(tmp_path) -> Study:
    return Study.create(tmp_path / "study", TEXT)


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Study:
    """A study that was run without any trouble. Only to be looked at."""
    made = Study.create(tmp_path_factory.mktemp("finished") / "study", TEXT)
    made.run(device="cpu")
    return made


@pytest.fixture
def start():
    """Starts `isthmus ...` as a process of its own; what still runs at the end is killed."""
    running: list[subprocess.Popen] = []

    def call(*arguments: object, **options) -> subprocess.Popen:
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "160"}
        command = [sys.executable, "-m", "isthmus", *map(str, arguments)]
        running.append(
            subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, **options
            )
        )
        return running[-1]

    yield call
    for process in running:
        process.kill()
        process.communicate()


@pytest.fixture
def shards():
    """Names of the finished shards of a study's folder."""

    def names(folder: Path) -> list[str]:
        return sorted(file.name for file in (folder / "shards").glob("*.parquet"))

    return names
