"""Solving: a shard's pairs, from their rows in the pair table to a table of results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from isthmus._shapes import Input
from isthmus.connecting import connect
from isthmus.connection import Connection
from isthmus.connections import Connections
from isthmus.errors import ImageError
from isthmus.progress import Progress
from isthmus.studies.config import Config
from isthmus.studies.kinds import Kind
from isthmus.studies.plan import Plan
from isthmus.studies.problem import Problem, open_problem
from isthmus.studies.rows import result_table

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
        results: what was found, as a row of results, by place among the rows.
        unreadable: why nothing could be found, by place.
        kept: the connections themselves by place, where they were to be kept.
        forward_equivalents: cost of all of it.
    """

    rows: Sequence[Mapping[str, Any]]
    results: Mapping[int, Mapping[str, Any]]
    unreadable: Mapping[int, str]
    kept: Mapping[int, Connection]
    forward_equivalents: int

    def table(self) -> pyarrow.Table:
        """One row a pair."""
        return result_table(self.rows, self.results, self.unreadable)

    def connections(self) -> Connections:
        """What was kept, in order."""
        return Connections(tuple(self.kept[place] for place in sorted(self.kept)), {})


class Bench:
    """Solves rows of a study's pair table. It keeps the network that it used last."""

    def __init__(self, config: Config, base: Path, plan: Plan, device: str) -> None:
        self.config, self.base, self.plan, self.device = config, base, plan, device
        self.method, self.sampling = config.connect.connector(), config.connect.how_sampled()
        self._problem: Problem | None = None
        self._digests: list[str] = []

    def problem(self, network: str, images: str) -> Problem:
        """The network on these inputs."""
        if self._problem is None or (self._problem.network, self._problem.images) != (network, images):
            self._problem = open_problem(self.config, self.base, network, images, self.device)
            self._digests = self.plan.digests(images)
        return self._problem

    def solve(
        self,
        rows: Sequence[Mapping[str, Any]],
        *,
        keep: bool = False,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Solved:
        """Connects the pairs of some rows, all of one network on one collection.

        Args:
            rows: rows of the pair table.
            keep: whether paths and profiles are kept; without, only what becomes the table.
            on_progress: called while the work goes on.
        """
        problem = self.problem(rows[0]["network"], rows[0]["images"])
        results: dict[int, dict[str, Any]] = {}
        kept: dict[int, Connection] = {}
        unreadable: dict[int, str] = {}
        before = problem.landscape.forward_equivalents
        step, first = 8, 0  # the first few show how large an input is
        while first < len(rows):
            entry = rows[first]["entry"]
            part = rows[first : first + step]
            part = part[: next((place for place, row in enumerate(part) if row["entry"] != entry), len(part))]
            kind = self.config.pairs[entry]
            inputs, reasons = self._read(problem, part) if kind.reads else ({}, {})
            ends = [(row["a_number"], row["c_number"]) for row in part]
            usable = [place for place, pair in enumerate(ends) if not reasons.keys() & set(pair)]
            for place in set(range(len(part))) - set(usable):
                unreadable[first + place] = next(reasons[number] for number in ends[place] if number in reasons)
            if usable:
                spent = problem.landscape.forward_equivalents - before
                a, c = self._ends(problem, kind, inputs, [part[place] for place in usable])
                connected = connect(
                    problem.landscape,
                    a,
                    c,
                    torch.tensor([part[place]["target"] for place in usable]),
                    method=self.method,
                    threshold=self.config.connect.threshold,
                    seed=self.config.seed,
                    sampling=self.sampling,
                    on_progress=None if on_progress is None else _shifted(on_progress, first, len(rows), spent),
                )
                for place, pair in zip(usable, connected, strict=True):
                    results[first + place] = pair.row()
                    if keep:
                        kept[first + place] = pair
                step = max(1, min(CHUNK_PAIRS, CHUNK_NUMBERS // (2 * a[0].numel())))
            first += len(part)
        return Solved(rows, results, unreadable, kept, problem.landscape.forward_equivalents - before)

    @staticmethod
    def _ends(
        problem: Problem, kind: Kind, inputs: Mapping[int, Input], rows: Sequence[Mapping[str, Any]]
    ) -> tuple[Tensor, Tensor]:
        """The ends of some pairs of one kind (n, *input)."""
        ends = [(row["a_number"], row["c_number"]) for row in rows]
        target = torch.tensor([row["target"] for row in rows])
        a = c = None
        if kind.reads:
            a, c = (torch.stack([inputs[pair[side]] for pair in ends]) for side in (0, 1))
        return kind.make(problem.landscape, a, c, target, ends)

    def solve_range(
        self, begin: int, end: int, *, keep: bool = False, on_progress: Callable[[Progress], None] | None = None
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
                inputs[number] = problem.inputs.read(number, problem.preprocessing)
            except ImageError as error:
                reasons[number] = str(error)
        return inputs, reasons


def _shifted(tell: Callable[[Progress], None], done: int, total: int, spent: int) -> Callable[[Progress], None]:
    """Progress within a part as progress within the whole, of which so much was done and spent before."""
    return lambda part: tell(Progress(done + part.done, total, spent + part.forward_equivalents))
