"""Local: shards are solved one after another in this process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from isthmus._core.progress import OnProgress
from isthmus.studies.engines.base import Done, Engine, Job, Worker


@dataclass(frozen=True)
class Local(Engine):
    """This process, without services and without configuration."""

    def run(
        self,
        job: Job,
        numbers: Sequence[int],
        *,
        on_done: Callable[[Done], None],
        on_progress: OnProgress | None = None,
    ) -> None:
        worker = Worker(job)
        for number in numbers:
            on_done(worker.solve(number, on_progress))
