"""Engine: who solves the shards of a study. Every engine calls `Worker.solve` and nothing else."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from isthmus._core.progress import OnProgress
from isthmus.errors import IsthmusError, OutputError, StudyError
from isthmus.studies.plan import load_plan
from isthmus.studies.shards import Shards
from isthmus.studies.solving import Bench
from isthmus.studies.store import open_store

STUDY, PLAN_FOLDER = "study.toml", "plan"


@dataclass(frozen=True)
class Job:
    """A study as a worker is told of it.

    Attributes:
        folder: the study's, which every worker must see.
        plan: digest of the plan, so that nobody works on another one.
        device: where networks are evaluated.
    """

    folder: str
    plan: str
    device: str = "cpu"


@dataclass(frozen=True)
class Done:
    """A shard after the work on it; `failure` says why it could not be solved, where that is so."""

    number: int
    pairs: int
    seconds: float
    forward_equivalents: int = 0
    failure: str | None = None


class Engine(ABC):
    """Has shards solved, in this process or elsewhere."""

    @abstractmethod
    def run(
        self,
        job: Job,
        numbers: Sequence[int],
        *,
        on_done: Callable[[Done], None],
        on_progress: OnProgress | None = None,
    ) -> None:
        """Solves the shards of these numbers. A shard that fails does not stop the others.

        Args:
            job: the study.
            numbers: the shards.
            on_done: called after each shard.
            on_progress: called while a shard is worked on, by engines that can tell.

        Raises:
            OutputError: results cannot be written, so that going on makes no sense.
        """


class Worker:
    """Solves shards of one study; it keeps the network that it used last."""

    def __init__(self, job: Job) -> None:
        folder = Path(job.folder)
        plan = load_plan(folder / PLAN_FOLDER)
        if plan is None or plan.digest != job.plan:
            raise StudyError(f"{folder} was planned anew meanwhile; run it again.")
        self.plan = plan
        self.keep = plan.config.shards.paths
        self.shards = Shards(open_store(plan.config.shards.store, folder), plan.digest)
        self.bench = Bench(plan, folder, job.device)

    def solve(self, number: int, on_progress: OnProgress | None = None) -> Done:
        """Solves a shard and writes it; nothing is done where it is there already."""
        piece = self.plan.pieces[number]
        began = time.perf_counter()
        if number in self.shards.finished():  # a worker that died after it had written the file
            return Done(number, len(piece), 0.0)
        try:
            table, kept, cost = self.bench.solve_range(piece.begin, piece.end, keep=self.keep, on_progress=on_progress)
        except OutputError:
            raise
        except IsthmusError as error:
            return Done(number, len(piece), time.perf_counter() - began, failure=str(error))
        except (RuntimeError, ValueError, TypeError, ArithmeticError, LookupError) as error:
            # Raised inside somebody's network: this shard fails, a night's work goes on.
            reason = f"{type(error).__name__}: {(str(error).splitlines() or [''])[0]}"
            return Done(number, len(piece), time.perf_counter() - began, failure=reason)
        self.shards.write(number, table, kept.tensors() if self.keep else None)
        return Done(number, len(piece), time.perf_counter() - began, cost)


@lru_cache(maxsize=1)
def worker_of(job: Job) -> Worker:
    """The worker of this process, made once."""
    return Worker(job)
