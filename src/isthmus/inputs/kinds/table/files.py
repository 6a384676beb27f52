"""Tables in files: CSV and Parquet, read by Arrow."""

from __future__ import annotations

import hashlib
from functools import lru_cache
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

CSV, PARQUET = (".csv", ".tsv"), (".parquet", ".pq")


class TableCollection(Collection):
    """The rows of a CSV or Parquet file; the class of each is in the column `label` of the table, where it has one
    and the file has it.
    """

    def __init__(self, file: Path, table: Table) -> None:
        found = read_columns(file)
        try:
            self.x = table.encode(found)
        except InputError as error:
            raise ImageError(f"{file}: {error}") from error
        known = table.label is not None and table.label in found  # new rows have no class yet
        labels = found[table.label].tolist() if known and table.label is not None else None
        self.names = tuple(f"{file.name}:{number}" for number in range(len(self.x)))
        self.labels = (None,) * len(self.x) if labels is None else tuple(_label(label) for label in labels)

    def read(self, number: int, kind: InputKind | None) -> Input:
        return self.x[number].clone()

    def digest(self, number: int) -> str:
        return hashlib.sha256(self.x[number].numpy().tobytes()).hexdigest()


def opened(file: Path, table: Table) -> TableCollection:
    """The rows of a file, which is read once for many of its rows, and again when it was changed."""
    stamp = file.stat() if file.is_file() else None
    return _opened(file, table, None if stamp is None else (stamp.st_mtime_ns, stamp.st_size, stamp.st_ino))


@lru_cache(maxsize=4)
def _opened(file: Path, table: Table, stamp: tuple[int, ...] | None) -> TableCollection:  # noqa: ARG001 (the key)
    return TableCollection(file, table)


def read_columns(file: Path) -> dict[str, NDArray[Any]]:
    """The columns of a file by their names.

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
            parse = pyarrow.csv.ParseOptions(delimiter="\t" if ending == ".tsv" else ",")
            table = pyarrow.csv.read_csv(file, parse_options=parse)
    except (OSError, ValueError, pyarrow.ArrowException) as error:
        raise ImageError(f"{file} cannot be read as a table ({(str(error).splitlines() or [''])[0][:160]}).") from error
    if not table.num_rows:
        raise ImageError(f"{file} has no rows.")
    if len(set(table.column_names)) != table.num_columns:
        raise ImageError(f"{file} has two columns of the same name.")
    return {name: table[name].to_numpy() for name in table.column_names}


def _label(value: Any) -> str | None:
    """A class as a word; a missing one says nothing."""
    if missing(value):
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
