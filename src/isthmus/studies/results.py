"""Results: what a study has found: rows, tables, summaries, and the connections themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isthmus._core.displayed import Displayed
from isthmus._core.files import cannot_write, write_json, write_whole
from isthmus._core.text import no_formula
from isthmus._core.versions import versions
from isthmus.connecting.columns import Column, name_now
from isthmus.connecting.connection import Connection
from isthmus.connecting.connections import MEASURED, Connections
from isthmus.errors import OutputError, StudyError
from isthmus.inputs.kinds import InputKind
from isthmus.inputs.kinds.restoring import restored
from isthmus.loading import choose_device
from isthmus.studies.picking import Pick, pick
from isthmus.studies.plan import Plan
from isthmus.studies.rows import as_named_now, result_schema, skipped_table
from isthmus.studies.shards import ShardFile, Shards
from isthmus.studies.solving import Bench
from isthmus.studies.statistics import StudySummary, summarize_study

if TYPE_CHECKING:
    import pyarrow

RESULT = "result.json"
SCHEMA = "isthmus/study-result/1"  # docs/tables.md describes it


@dataclass(frozen=True, eq=False)
class Results(Displayed):
    """The finished shards of a study, read and checked a shard at a time: there may be more of them than memory.

    Every method raises an OutputError that names the file where a shard is damaged.
    """

    folder: Path
    plan: Plan
    shards: Shards

    def __repr__(self) -> str:
        return f"Results({str(self.folder)!r}, {self.plan.pairs} pairs)"

    @property
    def extra(self) -> tuple[Column, ...]:
        """Columns beside those that every study has."""
        return self.plan.config.connect.added().columns

    def batches(self) -> Iterator[pyarrow.Table]:
        """The rows of all finished shards in order, a shard at a time, then a row for each input set aside."""
        for shard in self.shards.finished().values():
            yield _with_every_column(
                as_named_now(self.shards.read(shard).replace_schema_metadata(None)), result_schema(self.extra)
            )
        if self.plan.skipped:
            yield skipped_table(self.plan.skipped, self.extra)

    def table(self, columns: Sequence[str] | None = None) -> pyarrow.Table:
        """All rows, or some columns of them, in memory; `docs/tables.md` explains the columns. The column `inputs` is
        known by its older name `images` too.
        """
        import pyarrow

        schema = result_schema(self.extra)
        names = list(schema.names if columns is None else dict.fromkeys(map(name_now, columns)))
        return pyarrow.concat_tables(
            [schema.empty_table().select(names), *(part.select(names) for part in self.batches())]
        )

    def write_table(self, file: str | Path) -> int:
        """Writes all rows to a `.parquet` or `.csv` file and returns how many there are.

        Raises:
            OutputError: the file cannot be written, or has another ending; nothing is written then.
        """
        import pyarrow.csv
        import pyarrow.parquet

        file = Path(file)
        if file.suffix.lower() not in (".parquet", ".csv"):
            raise OutputError(f"A table is written as .parquet or .csv, got {file}.")
        count = 0

        def write(temporary: Path) -> None:
            nonlocal count
            schema = result_schema(self.extra)
            writer = (
                pyarrow.csv.CSVWriter(temporary, schema)
                if file.suffix.lower() == ".csv"
                else pyarrow.parquet.ParquetWriter(temporary, schema, write_page_checksum=True)
            )
            with writer:
                for part in self.batches():
                    writer.write_table(_without_formulas(part) if file.suffix.lower() == ".csv" else part)
                    count += len(part)

        with cannot_write(file):
            file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, write)
        return count

    def summary(self) -> StudySummary:
        """Shares, quantiles and costs by network, collection, kind and class."""
        return summarize_study(self.batches(), seed=self.plan.config.seed)

    def picks(self) -> list[Pick]:
        """Pairs of each group that show what it is like."""
        return pick(self.batches())

    def rows(self, pairs: Sequence[int]) -> list[dict[str, Any]]:
        """Rows of the pair table for some pairs, by their numbers."""
        return [self.plan.rows(pair, pair + 1)[0] for pair in pairs]

    def connections(self, pairs: Sequence[int], *, device: str = "auto") -> Connections:
        """The connections of some pairs, by their numbers: from their stored paths, or else solved again.

        Raises:
            StudyError: an end of a pair cannot be read any more.
        """
        return Connections(tuple(self.each(pairs, device=device)), {})

    def each(self, pairs: Sequence[int], *, device: str = "auto") -> Iterator[Connection]:
        """The same one after the other, a shard in memory at a time where the numbers are in order."""
        finished = self.shards.finished()
        bench = Bench(self.plan, self.folder, choose_device(device))
        opened, stored = -1, dict[int, Connection]()
        for pair in pairs:
            number = next(n for n, piece in enumerate(self.plan.pieces) if piece.begin <= pair < piece.end)
            if number != opened:
                opened, stored = number, self._stored(finished.get(number), self._kind(bench, number))
            if pair in stored:
                yield stored[pair]
                continue
            solved = bench.solve(self.plan.rows(pair, pair + 1), keep=True)
            if not solved.kept:
                raise StudyError(f"Pair {pair} cannot be shown: {solved.results[0]['reason']}")
            yield solved.kept[0]

    def write_json(self, title: str, summary: StudySummary | None = None) -> None:
        """Writes `result.json` into the study's folder."""
        finished = self.shards.finished()
        result = {
            "schema": SCHEMA,
            "title": title,
            "pairs": self.plan.pairs,
            "pairs_done": sum(len(self.plan.pieces[number]) for number in finished),
            "summary": (summary or self.summary()).describe(),
            "skipped": self.plan.skipped,
            "notes": list(self.plan.notes),
            "description": self.plan.fingerprint,
            "versions": versions(),
            "plan": self.plan.digest,
        }
        write_json(self.folder / RESULT, result)

    def _measured(self) -> dict[str, Any]:
        """What connections need to know of columns that were measured, to have them when they are read."""
        measured = self.plan.config.connect.added().measured
        return {MEASURED: [column.describe() for each in measured for column in each.columns]} if measured else {}

    def _kind(self, bench: Bench, number: int) -> InputKind | None:
        """What the inputs of a piece are: networks of images are not opened for it."""
        piece = self.plan.pieces[number]
        known = restored(self.plan.fingerprint["networks"][piece.network])
        return None if known is None else bench.problem(piece.network, piece.inputs).landscape.input_kind

    def _stored(self, shard: ShardFile | None, kind: InputKind | None) -> dict[int, Connection]:
        """The connections of a shard by their pairs' numbers, if it kept its paths."""
        tensors = None if shard is None else self.shards.read_paths(shard)
        if shard is None or tensors is None:
            return {}
        rows = [row for row in self.shards.read(shard).to_pylist() if row["reason"] is None]
        found = [replace(pair, input_kind=kind) for pair in Connections.restore(rows, tensors, self._measured())]
        return {row["pair"]: connection for row, connection in zip(rows, found, strict=True)}


def _without_formulas(table: pyarrow.Table) -> pyarrow.Table:
    """A table whose texts no spreadsheet takes for formulas."""
    import pyarrow

    for number, field in enumerate(table.schema):
        if field.type == pyarrow.string():
            texts = [None if text is None else no_formula(text) for text in table[field.name].to_pylist()]
            table = table.set_column(number, field, pyarrow.array(texts, pyarrow.string()))
    return table


def _with_every_column(rows: pyarrow.Table, schema: pyarrow.Schema) -> pyarrow.Table:
    """The same with the columns that an earlier version did not know, empty."""
    import pyarrow

    for field in schema:
        if field.name not in rows.column_names:
            rows = rows.append_column(field, pyarrow.nulls(len(rows), field.type))
    return rows.select(schema.names)
