"""Ray: shards as tasks of a Ray cluster, on this machine or on many.

Ray does what a scheduler does: it places tasks, starts worker processes and runs a task again when its worker or its
node died. A process keeps its network between tasks.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from isthmus._core.progress import OnProgress
from isthmus.errors import InputError, IsthmusError, MissingLibraryError, StudyError
from isthmus.landscapes import AbstractLandscape
from isthmus.loading import NetworkChoice
from isthmus.studies.engines.base import Done, Engine, Job, worker_of

T = TypeVar("T")

PATIENCE = 10.0  # seconds to reach a cluster
RETRIES = 8  # of a task whose worker died; errors of the task itself are not tried again


@dataclass(frozen=True, kw_only=True)
class OnRay(Engine):
    """A Ray cluster.

    Attributes:
        address: of a running cluster, or `auto` for one that this machine belongs to; None starts one on this machine.
        workers: on a cluster started here: tasks that run at a time; None means as many as the CPUs allow.
        cpus, gpus: of each worker. The threads of a worker are as many as its CPUs.
    """

    address: str | None = None
    workers: int | None = None
    cpus: float = 1
    gpus: float = 0

    def __post_init__(self) -> None:
        if not self.cpus > 0 or not self.gpus >= 0 or (self.workers is not None and self.workers < 1):
            raise InputError(
                f"OnRay needs cpus > 0, gpus >= 0 and workers >= 1, got {self.cpus}, {self.gpus} and {self.workers}."
            )
        if self.workers is not None and self.address is not None:
            raise InputError("The workers of a running cluster are its own: give workers or address, not both.")

    def run(
        self,
        job: Job,
        numbers: Sequence[int],
        *,
        on_done: Callable[[Done], None],
        on_progress: OnProgress | None = None,
    ) -> None:
        for _, done in self.each(_solve, [(job, number, *self.settled) for number in numbers]):
            on_done(done)

    @property
    def settled(self) -> tuple[str, int]:
        """What `settle` takes: the folder and the number of threads of a worker."""
        return str(Path.cwd()), max(1, int(self.cpus))

    def each(self, function: Callable[..., T], tasks: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, T]]:
        """Has a function called with the arguments of each task; the number and result of each, as they come.

        A cluster that runs already is used and left running; else one is started for these tasks.
        """
        ray = _import_ray()
        theirs = ray.is_initialized()
        with self.cluster():
            task = ray.remote(num_cpus=self.cpus, num_gpus=self.gpus, max_retries=RETRIES)(function)
            open_tasks = {task.remote(*arguments): number for number, arguments in enumerate(tasks)}
            try:
                while open_tasks:
                    ended, _ = ray.wait(list(open_tasks), num_returns=1)
                    for reference in ended:
                        yield open_tasks.pop(reference), _result(ray, reference)
            except BaseException:
                # Who started Ray goes on with it; these tasks do not. What was started here ends with its tasks: to
                # cancel them as well can meet the reply of one that ends just now, and Ray then ends this process.
                for reference in open_tasks if theirs else ():
                    ray.cancel(reference)
                raise

    @contextmanager
    def cluster(self) -> Iterator[Any]:
        """Ray, with a cluster: the one that runs already, or one that is started and stopped with the block."""
        ray = _import_ray()
        started = not ray.is_initialized()
        if started:
            self._start(ray)
        try:
            yield ray
        finally:
            if started:
                ray.shutdown()

    def _start(self, ray: Any) -> None:
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # nothing is told to anybody without being asked
        options: dict[str, Any] = {"log_to_driver": False, "logging_level": "ERROR"}
        if self.address is not None:
            options |= {"address": self.address}
        else:
            cpus = None if self.workers is None else self.workers * self.cpus
            options |= {"num_cpus": cpus, "include_dashboard": False}
        stop = signal.getsignal(signal.SIGTERM)
        try:
            self._reach()
            ray.init(**options)
        except (ConnectionError, RuntimeError, ValueError, OSError) as error:
            where = f"at {self.address}" if self.address else "here"
            raise StudyError(
                f"No Ray cluster could be reached {where}: {(str(error).splitlines() or [''])[0]}"
            ) from error
        finally:
            if threading.current_thread() is threading.main_thread():
                signal.signal(signal.SIGTERM, stop)  # Ray puts a handler of its own in its place

    def _reach(self) -> None:
        """Ray waits for minutes for a cluster that is not there: a look at its port says so at once."""
        host, colon, port = (self.address or "").removeprefix("ray://").rpartition(":")
        if colon and port.isdecimal():
            socket.create_connection((host, int(port)), timeout=PATIENCE).close()


def _solve(job: Job, number: int, path: str, threads: int) -> Done:
    """What a worker runs."""
    settle(path, threads)
    return worker_of(job).solve(number)


def settle(path: str, threads: int) -> None:
    """A worker works where the command was given: there `py:` specs are looked up."""
    import torch

    if path not in sys.path:
        sys.path.insert(0, path)
    if Path(path).is_dir():
        os.chdir(path)
    torch.set_num_threads(threads)


@lru_cache(maxsize=1)
def landscape_of_worker(choice: NetworkChoice) -> AbstractLandscape:
    """The landscape that this worker used last, opened once."""
    return choice.open()


def _result(ray: Any, reference: Any) -> Any:
    try:
        done = ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        cause = error.as_instanceof_cause() if hasattr(error, "as_instanceof_cause") else error
        inner = getattr(cause, "cause", None)
        if isinstance(inner, IsthmusError):
            raise inner from error
        raise
    except ray.exceptions.RayError as error:
        raise StudyError(
            f"Ray lost a task {RETRIES} times ({type(error).__name__}): {(str(error).splitlines() or [''])[0]} "
            "What is finished is kept; go on with --resume."
        ) from error
    return done


def _import_ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise MissingLibraryError(
            "The engine ray needs Ray, which is absent here; install it: pip install 'isthmus[ray]'."
        ) from error
    return ray
