"""Study: a folder that holds what is to be found out, and what was."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from isthmus._core.annotated import as_annotated
from isthmus._core.bars import Tell, renamed, telling
from isthmus._core.displayed import Displayed
from isthmus._core.files import cannot_write, path_of, remove_unfinished, write_whole
from isthmus._core.progress import OnProgress, OnStage, Progress
from isthmus.errors import OutputError, StudyError
from isthmus.loading import choose_device
from isthmus.studies.config import Config, read_config
from isthmus.studies.engines import Done, Engine, Job, Local
from isthmus.studies.engines.base import PLAN_FOLDER, STUDY
from isthmus.studies.fingerprint import differences
from isthmus.studies.plan import INPUTS, PAIRS, PLAN, TEXT, Plan, load_plan
from isthmus.studies.planning import current_fingerprint, make_plan
from isthmus.studies.results import Results
from isthmus.studies.shards import Shards
from isthmus.studies.store import open_store

LOCK, STAGE = ".lock", ".planning"


@dataclass(frozen=True, kw_only=True)
class Status:
    """How far a study is.

    Attributes:
        shards, pairs: all of them.
        shards_done, pairs_done: those that are finished, the damaged ones not counted.
        damaged: what is wrong with each damaged shard, by number.
    """

    shards: int
    shards_done: int
    pairs: int
    pairs_done: int
    damaged: dict[int, str]

    @property
    def complete(self) -> bool:
        """Whether every pair was solved."""
        return self.shards > 0 and self.shards == self.shards_done


@as_annotated
class Study(Displayed):
    """A study in its folder: `study.toml`, the plan, and the shards. Its state is these files and nothing else.

    Args:
        folder: the folder, with a `study.toml` in it.

    Raises:
        StudyError: there is none, or it cannot be used.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = path_of(folder)
        self.config: Config = read_config(self.folder / STUDY)
        open_store(self.config.shards.store, self.folder)  # refuses a place that cannot be written

    def __repr__(self) -> str:
        return f"Study({str(self.folder)!r})"

    @staticmethod
    @as_annotated
    def create(folder: str | Path, text: str) -> Study:
        """Writes `study.toml` into a folder that is empty or absent.

        Raises:
            OutputError: the folder holds something, or cannot be written.
            StudyError: the text is no study.
        """
        folder = path_of(folder)
        with cannot_write(folder):
            if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
                raise OutputError(f"{folder} is not empty; choose another folder.")
            folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / STUDY, lambda file: file.write_text(text, encoding="utf-8"))
        return Study(folder)

    def plan(self) -> Plan | None:
        """The stored plan, or None before the first run."""
        return load_plan(self.folder / PLAN_FOLDER)

    @as_annotated
    def prepare(
        self, *, device: str = "auto", resume: bool = False, overwrite: bool = False, tell: OnStage | None = None
    ) -> Plan:
        """The plan: made now, or the stored one when an earlier run is resumed.

        Args:
            device: where networks are evaluated: auto, cpu, cuda, cuda:1.
            resume: go on with an earlier run, which must have had the same configuration, weights, images and code.
            overwrite: forget an earlier run and all its results.
            tell: called while inputs are looked at.

        Raises:
            StudyError: an earlier run is there and neither was asked for; it differs (what differs is named); another
                run is at work.
        """
        with self._alone():
            return self._prepare(device, resume, overwrite, tell)

    @as_annotated
    @renamed
    def run(
        self,
        *,
        engine: Engine | None = None,
        device: str = "auto",
        resume: bool = False,
        overwrite: bool = False,
        repair: bool = False,
        tell: OnStage | None = None,
        on_plan: Callable[[Plan], None] | None = None,
        on_done: Callable[[Done], None] | None = None,
        progress: Tell = None,
    ) -> Status:
        """Solves every shard that is not finished.

        Args:
            engine: who solves them; this process by default.
            device, resume, overwrite, tell: see `prepare`.
            repair: solve damaged shards again.
            on_plan: called when the plan is made or checked.
            on_done: called after each shard.
            progress: as `isthmus.connect` takes it, with pairs of all shards that this run has to solve.

        Raises:
            StudyError: see `prepare`; shards are damaged and `repair` was not asked for; shards failed (all others were
                solved first).
            OutputError: results cannot be written, for example on a full disk. What is finished stays.
        """
        with self._alone():
            plan = self._prepare(device, resume, overwrite, tell)
            if on_plan is not None:
                on_plan(plan)
            shards = self._shards(plan)
            shards.tidy()
            finished = shards.finished()
            damaged = {number: why for number, shard in finished.items() if (why := shards.problem(shard)) is not None}
            if damaged and not repair:
                raise StudyError(f"{next(iter(damaged.values()))} {_more(damaged)}Add --repair to solve it again.")
            for number in damaged:
                shards.remove(number)
            numbers = [n for n in range(len(plan.pieces)) if n not in finished or n in damaged]
            with telling(progress, "connecting", "pairs") as on_progress:
                failures = self._solve(plan, numbers, engine or Local(), device, on_done, on_progress)
        if failures:
            first = failures[0]
            raise StudyError(
                f"{len(failures)} of {len(plan.pieces)} shards failed, the others are finished; first, shard "
                f"{first.number} (pairs {plan.pieces[first.number].begin} to {plan.pieces[first.number].end - 1}): "
                f"{first.failure}"
            )
        return self.status()

    def status(self) -> Status:
        """How far the study is; every finished shard is read and checked."""
        plan = self.plan()
        if plan is None:
            return Status(shards=0, shards_done=0, pairs=0, pairs_done=0, damaged={})
        shards = self._shards(plan)
        done, pairs, damaged = 0, 0, {}
        for number, shard in shards.finished().items():
            problem = shards.problem(shard)
            if problem is None and number < len(plan.pieces):
                done += 1
                pairs += len(plan.pieces[number])
            elif problem is not None:
                damaged[number] = problem
        return Status(shards=len(plan.pieces), shards_done=done, pairs=plan.pairs, pairs_done=pairs, damaged=damaged)

    @property
    def results(self) -> Results:
        """What was found so far.

        Raises:
            StudyError: the study was not run yet.
        """
        plan = self.plan()
        if plan is None:
            raise StudyError(f"{self.folder} was not run yet; begin with: isthmus study run {self.folder}")
        return Results(self.folder, plan, self._shards(plan))

    def _shards(self, plan: Plan) -> Shards:
        return Shards(open_store(plan.config.shards.store, self.folder), plan.digest)

    def _prepare(self, device: str, resume: bool, overwrite: bool, tell: OnStage | None) -> Plan:
        if resume and overwrite:
            raise StudyError("resume and overwrite exclude one another; give one of them.")
        device = choose_device(device)
        folder = self.folder / PLAN_FOLDER
        if not overwrite and (folder / PLAN).exists():
            if not resume:
                raise StudyError(f"{self.folder} was run before; add --resume to go on, or --overwrite to begin anew.")
            plan = load_plan(folder)
            assert plan is not None
            changed = differences(plan.fingerprint, current_fingerprint(self.config, self.folder, device))
            if changed:
                raise StudyError(
                    f"{self.folder} cannot go on, because these differ from when it began: {', '.join(changed[:6])}"
                    f"{f' and {len(changed) - 6} more' if len(changed) > 6 else ''}; restore them, or begin anew with "
                    "--overwrite."
                )
            return plan
        text = (self.folder / STUDY).read_text(encoding="utf-8")
        config = read_config(self.folder / STUDY)
        stage = self.folder / STAGE  # nothing of an earlier run is lost before the new plan is whole
        make_plan(config, text, self.folder, stage, device=device, tell=tell)
        with cannot_write(folder):
            self._forget(folder)
            folder.mkdir(exist_ok=True)
            for name in (TEXT, INPUTS, PAIRS, PLAN):  # the plan itself last
                (stage / name).replace(folder / name)
            stage.rmdir()
        plan = load_plan(folder)
        assert plan is not None
        return plan

    def _forget(self, folder: Path) -> None:
        """Removes an earlier plan and its shards."""
        try:
            earlier = load_plan(folder)
        except StudyError:  # damaged: which shards were its own is not known any more
            earlier = None
        if earlier is not None:
            self._shards(earlier).clear()
        (folder / PLAN).unlink(missing_ok=True)

    def _solve(
        self,
        plan: Plan,
        numbers: list[int],
        engine: Engine,
        device: str,
        on_done: Callable[[Done], None] | None,
        on_progress: OnProgress,
    ) -> list[Done]:
        total = sum(len(plan.pieces[number]) for number in numbers)
        done = cost = 0
        failures: list[Done] = []

        def shard_done(shard: Done) -> None:
            nonlocal done, cost
            done, cost = done + shard.pairs, cost + shard.forward_equivalents
            if shard.failure is not None:
                failures.append(shard)
            if on_done is not None:
                on_done(shard)
            on_progress(Progress(done, total, cost))

        def inside(part: Progress) -> None:
            on_progress(Progress(done + part.done, total, cost + part.forward_equivalents))

        if numbers:
            job = Job(str(self.folder.resolve()), plan.digest, choose_device(device))
            engine.run(job, numbers, on_done=shard_done, on_progress=inside)
        return failures

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else plans or runs this study meanwhile, and what a killed run left unfinished is gone.

        The system frees the lock of a process that was killed.
        """
        lock = FileLock(self.folder / LOCK, timeout=0)
        with cannot_write(self.folder):
            try:
                lock.acquire()
            except Timeout as error:
                raise StudyError(f"Another run is at work on {self.folder}; wait for it, or stop it.") from error
        try:
            remove_unfinished(self.folder.iterdir())  # shards: see Shards.tidy
            shutil.rmtree(self.folder / STAGE, ignore_errors=True)
            yield
        finally:
            lock.release()


def _more(damaged: dict[int, str]) -> str:
    return "" if len(damaged) == 1 else f"So are {len(damaged) - 1} more. "
