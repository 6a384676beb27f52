"""Tables in files: CSV and Parquet, read by Arrow."""

from __future__ import annotations

import hashlib
from collections.abc import Collection as Collection_
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from isthmus._core.shapes import Input
from isthmus.errors import ImageError, InputError
from isthmus.inputs.base import Collection
from isthmus.inputs.kinds.base import InputKind
from isthmus.inputs.kinds.table.columns import missing

if TYPE_CHECKING:
    from isthmus.inputs.kinds.table.kind import Table

MISSING = ("", "na", "n/a", "nan", "null", "none", "<na>", "#n/a")
CSV, PARQUET = (".csv", ".tsv"), (".parquet", ".pq")


class TableCollection(Collection):
    """The rows of a CSV or Parquet file; the class of each is in the column `label` of the table, where it has one
    and the file has it.
    """

    def __init__(self, file: Path, table: Table) -> None:
        words = {feature.name for feature in table.features if feature.categories} | {table.label or ""}
        found = read_columns(file, words)
        try:
            self.x = table.encode(found)
        except InputError as error:
            raise ImageError(f"{file}: {error}") from error
        known = table.label is not None and table.label in found  # new rows have no class yet
        labels = found[table.label].tolist() if known and table.label is not None else None
        self.file = file
        self.names = tuple(f"{file.name}:{number}" for number in range(len(self.x)))
        self.labels = (None,) * len(self.x) if labels is None else tuple(label_of(label) for label in labels)

    def read(self, number: int, kind: InputKind | None) -> Input:
        return self.x[number].clone()

    def digest(self, number: int) -> str:
        return self._digests[number]

    @cached_property
    def _digests(self) -> list[str]:
        """Of what the file says in each row, whatever a network takes of it: networks may have tables of their own."""
        columns = read_columns(self.file, None)
        texts = zip(*([f"{name}={value}" for value in columns[name].tolist()] for name in sorted(columns)), strict=True)
        return [hashlib.sha256("\x1f".join(row).encode()).hexdigest() for row in texts]


def opened(file: Path, table: Table) -> TableCollection:
    """The rows of a file, which is read once for many of its rows, and again when it was changed."""
    stamp = file.stat() if file.is_file() else None
    return _opened(file, table, None if stamp is None else (stamp.st_mtime_ns, stamp.st_size, stamp.st_ino))


@lru_cache(maxsize=4)
def _opened(file: Path, table: Table, stamp: tuple[int, ...] | None) -> TableCollection:  # noqa: ARG001 (the key)
    return TableCollection(file, table)


def read_columns(file: Path, words: Collection_[str] | None) -> dict[str, NDArray[Any]]:
    """The columns of a file by their names.

    Args:
        file: the file.
        words: columns that hold words, also where these look like numbers: "007", "1.10" and "1.1" are three of them.
            None: all.

    Raises:
        ImageError: it is not there, is of no known format, is damaged, or has no rows.
    """
    import pyarrow.csv
    import pyarrow.parquet

    if not file.is_file():
        raise ImageError(f"{file} is no file of a table: expected CSV or Parquet.")
    ending = file.suffix.lower()
    if ending not in CSV + PARQUET:
        raise ImageError(f"{file} is no table by its ending; expected {', '.join(CSV + PARQUET)}.")
    try:
        if ending in PARQUET:
            table = pyarrow.parquet.read_table(file, page_checksum_verification=True)
        else:
            parse = pyarrow.csv.ParseOptions(delimiter="\t" if ending == ".tsv" else ",", newlines_in_values=True)
            chosen = _header(file, parse) if words is None else words
            convert = pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(chosen, pyarrow.string()))
            table = pyarrow.csv.read_csv(file, parse_options=parse, convert_options=convert)
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise ImageError(f"{file} cannot be read as a table ({(str(error).splitlines() or [''])[0][:160]}).") from error
    if not table.num_rows:
        raise ImageError(f"{file} has no rows.")
    if len(set(table.column_names)) != table.num_columns:
        raise ImageError(f"{file} has two columns of the same name.")
    return {name: table[name].to_numpy() for name in table.column_names}


def _header(file: Path, parse: Any) -> list[str]:
    import pyarrow.csv

    with pyarrow.csv.open_csv(file, parse_options=parse) as stream:
        names: list[str] = stream.schema.names
    return names


def label_of(value: Any) -> str | None:
    """A class as a word; a missing one, also as a table writes it, says nothing."""
    if missing(value) or (isinstance(value, str) and value.strip().lower() in MISSING):
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
