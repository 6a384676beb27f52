"""Rows: the columns of a study's tables, and how pairs become rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from isthmus.connecting.columns import COLUMNS, Column, name_now

if TYPE_CHECKING:
    import pyarrow

UNREADABLE = "unreadable"  # outcome of what could not be read
NOT_MADE = "not_made"  # outcome of pairs whose attack or synthesis failed

PAIR_COLUMNS = {
    "pair": "int64",
    "pair_id": "string",
    "network": "string",
    "inputs": "string",
    "kind": "string",
    "a": "string",
    "c": "string",
    "target": "int64",
    "target_name": "string",
}
PLACE_COLUMNS = {"entry": "int32", "a_number": "int64", "c_number": "int64", "stop": "float64"}


def schema(*columns: Mapping[str, str]) -> pyarrow.Schema:
    """An Arrow schema of some of the columns above."""
    import pyarrow

    return pyarrow.schema([(name, pyarrow.type_for_alias(kind)) for part in columns for name, kind in part.items()])


def as_named_now(table: pyarrow.Table) -> pyarrow.Table:
    """A stored table with its columns as they are called now."""
    names = [name_now(name) for name in table.schema.names]
    return table if names == table.schema.names else table.rename_columns(names)


def plan_schema() -> pyarrow.Schema:
    """Of the pair table: which pair, and where its ends are read from."""
    return schema(PAIR_COLUMNS, PLACE_COLUMNS)


def result_schema(extra: Sequence[Column] = ()) -> pyarrow.Schema:
    """Of a shard and of the study's table."""
    found = {column.name: column.type for column in (*COLUMNS, *extra) if column.name not in PAIR_COLUMNS}
    return schema(PAIR_COLUMNS, found, {"reason": "string"})


def result_table(
    pairs: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]], extra: Sequence[Column] = ()
) -> pyarrow.Table:
    """The rows of some pairs: a row of the pair table each, with what was found, or with an outcome and a reason."""
    import pyarrow

    heads = ({name: pair[name] for name in PAIR_COLUMNS} for pair in pairs)
    rows = [dict(found) | head for head, found in zip(heads, results, strict=True)]
    return pyarrow.Table.from_pylist(rows, schema=result_schema(extra))


def skipped_table(skipped: Mapping[str, Mapping[str, str]], extra: Sequence[Column] = ()) -> pyarrow.Table:
    """A row for every input that was set aside: its collection, its name, and why."""
    import pyarrow

    rows = [
        {"inputs": inputs, "a": name, "outcome": UNREADABLE, "reason": reason}
        for inputs, names in skipped.items()
        for name, reason in names.items()
    ]
    return pyarrow.Table.from_pylist(rows, schema=result_schema(extra))
