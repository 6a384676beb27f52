"""Solving: a shard's pairs, from their rows in the pair table to a table of results."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from isthmus._core.progress import OnProgress, Progress
from isthmus._core.shapes import Input
from isthmus.connecting.columns import Column, row_of
from isthmus.connecting.connection import Connection
from isthmus.connecting.connections import Connections
from isthmus.connecting.loop import connect
from isthmus.errors import ImageError, StudyError
from isthmus.studies.pair_kinds import Kind, MadeKind, ReadKind
from isthmus.studies.plan import Plan
from isthmus.studies.problem import Problem, open_problem
from isthmus.studies.rows import NOT_MADE, UNREADABLE, result_table

if TYPE_CHECKING:
    import pyarrow

CHUNK_NUMBERS = 2**26  # numbers of the ends held at once
CHUNK_PAIRS = 2048  # pairs whose profiles are held at once
PART_ROWS = 8192  # rows of the pair table held at once


@dataclass(frozen=True, eq=False)
class Solved:
    """What came of some rows of the pair table.

    Attributes:
        rows: these rows.
        results: what was found for each, as a row of results, or an outcome and a reason.
        kept: the connections themselves by place, where they were to be kept.
        forward_equivalents: cost of all of it.
        extra: columns of somebody's own.
    """

    rows: Sequence[Mapping[str, Any]]
    results: Sequence[Mapping[str, Any]]
    kept: Mapping[int, Connection]
    forward_equivalents: int
    extra: tuple[Column, ...] = ()

    def table(self) -> pyarrow.Table:
        """One row a pair."""
        return result_table(self.rows, self.results, self.extra)

    def connections(self) -> Connections:
        """What was kept, in order."""
        return Connections(tuple(self.kept[place] for place in sorted(self.kept)), {})


class Bench:
    """Solves rows of a study's pair table. It keeps the network that it used last.

    Args:
        plan: the study's.
        base: the folder that paths in it are relative to.
        device: where networks are evaluated.
    """

    def __init__(self, plan: Plan, base: Path, device: str) -> None:
        self.plan, self.base, self.device = plan, base, device
        self.config = plan.config
        self.method, self.sampling = self.config.connect.connector(), self.config.connect.how_sampled()
        self.certifier, self.added = self.config.connect.certifier(), self.config.connect.added()
        self._problem: Problem | None = None
        self._digests: list[str] = []

    def problem(self, network: str, collection: str) -> Problem:
        """The network on these inputs.

        Raises:
            StudyError: it is not the network that the study was planned with.
        """
        if self._problem is None or (self._problem.network, self._problem.collection) != (network, collection):
            problem = open_problem(self.config, self.base, network, collection, self.device)
            if problem.identity != self.plan.fingerprint["networks"][network]:
                raise StudyError(f"Network {network} was changed since the study was planned: its weights or its code.")
            self._problem = problem
            self._digests = self.plan.digests(collection)
        return self._problem

    def solve(
        self,
        rows: Sequence[Mapping[str, Any]],
        *,
        keep: bool = False,
        on_progress: OnProgress | None = None,
    ) -> Solved:
        """Connects the pairs of some rows, all of one network on one collection.

        Args:
            rows: rows of the pair table.
            keep: whether paths and profiles are kept; without, only what becomes the table.
            on_progress: called while the work goes on.
        """
        problem = self.problem(rows[0]["network"], rows[0]["inputs"])
        results: list[Mapping[str, Any]] = []
        kept: dict[int, Connection] = {}
        before = problem.landscape.forward_equivalents
        step = 8  # the first few show how large an input is
        while len(results) < len(rows):
            first = len(results)
            entry = rows[first]["entry"]
            part = rows[first : first + step]
            part = part[: next((place for place, row in enumerate(part) if row["entry"] != entry), len(part))]
            spent = problem.landscape.forward_equivalents - before
            tell = None if on_progress is None else _shifted(on_progress, first, len(rows), spent)
            found, lost = self._connect(problem, self.config.pairs[entry], part, tell)
            results += [
                lost[place] if place in lost else row_of(found[place], self.added.columns) for place in range(len(part))
            ]
            if keep:
                kept |= {first + place: pair for place, pair in found.items()}
            if found:
                numbers = next(iter(found.values())).path.ends[0].numel()
                step = max(1, min(CHUNK_PAIRS, CHUNK_NUMBERS // (2 * numbers)))
        cost = problem.landscape.forward_equivalents - before
        return Solved(rows, results, kept, cost, self.added.columns)

    def _connect(
        self,
        problem: Problem,
        kind: Kind,
        rows: Sequence[Mapping[str, Any]],
        tell: OnProgress | None,
    ) -> tuple[dict[int, Connection], dict[int, dict[str, Any]]]:
        """Connections of pairs of one kind by place, and outcome and reason of those that have no ends."""
        inputs, reasons = self._read(problem, rows) if kind.reads else ({}, {})
        numbers = [(row["a_number"], row["c_number"]) for row in rows]
        lost: dict[int, dict[str, Any]] = {}
        for place, pair in enumerate(numbers):
            bad = [reasons[number] for number in pair if number in reasons]
            if bad:
                lost[place] = {"outcome": UNREADABLE, "reason": bad[0]}
        usable = [place for place in range(len(rows)) if place not in lost]
        if not usable:
            return {}, lost
        chosen = [numbers[place] for place in usable]
        made_of = [rows[place] for place in usable]
        target = torch.tensor([rows[place]["target"] for place in usable])
        if isinstance(kind, ReadKind):
            a, c = (torch.stack([inputs[pair[side]] for pair in chosen]) for side in (0, 1))
            ends = kind.make(problem.landscape, a, c, target, made_of)
        else:
            assert isinstance(kind, MadeKind)
            ends = kind.make(problem.landscape, target, made_of)
        for place, made in zip(usable, ends.made.tolist(), strict=True):
            if not made:
                reason = f"The network does not see the target in what was {kind.past}."
                lost[place] = {"outcome": NOT_MADE, "reason": reason}
        usable = [place for place, made in zip(usable, ends.made.tolist(), strict=True) if made]
        if not usable:
            return {}, lost
        connected = connect(
            problem.landscape,
            ends.a[ends.made],
            ends.c[ends.made],
            target[ends.made],
            method=self.method,
            threshold=self.config.connect.threshold,
            seed=self.config.seed,
            sampling=self.sampling,
            verify=self.certifier,
            progress=tell or False,
        )
        connected = self.added.to(problem.landscape, connected)
        return dict(zip(usable, connected, strict=True)), lost

    def solve_range(
        self, begin: int, end: int, *, keep: bool = False, on_progress: OnProgress | None = None
    ) -> tuple[pyarrow.Table, Connections, int]:
        """The same for the rows begin to end: their table, the connections where they are kept, and the cost.

        Rows are read, solved and laid down a part at a time: a shard may hold a hundred thousand of them.
        """
        import pyarrow

        tables: list[pyarrow.Table] = []
        kept: list[Connection] = []
        cost = 0
        for first in range(begin, end, PART_ROWS):
            last = min(end, first + PART_ROWS)
            tell = None if on_progress is None else _shifted(on_progress, first - begin, end - begin, cost)
            solved = self.solve(self.plan.rows(first, last), keep=keep, on_progress=tell)
            tables.append(solved.table())
            kept += solved.connections()
            cost += solved.forward_equivalents
        return pyarrow.concat_tables(tables), Connections(tuple(kept), {}), cost

    def _read(self, problem: Problem, rows: Sequence[Mapping[str, Any]]) -> tuple[dict[int, Input], dict[int, str]]:
        """The inputs of some rows, each once, and why others could not be read."""
        inputs: dict[int, Input] = {}
        reasons: dict[int, str] = {}
        for number in sorted({row[end] for row in rows for end in ("a_number", "c_number")}):
            try:
                if problem.inputs.digest(number) != self._digests[number]:
                    raise ImageError(f"{problem.inputs.names[number]} was changed since the study was planned.")
                inputs[number] = problem.inputs.read(number, problem.landscape.input_kind)
            except ImageError as error:
                reasons[number] = str(error)
        return inputs, reasons


def _shifted(tell: OnProgress, done: int, total: int, spent: int) -> OnProgress:
    """Progress within a part as progress within the whole, of which so much was done and spent before."""
    return lambda part: tell(Progress(done + part.done, total, spent + part.forward_equivalents))
