"""Rows: the columns of a study's tables, and how pairs become rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from isthmus.connection import ROUNDS

if TYPE_CHECKING:
    import pyarrow

UNREADABLE = "unreadable"  # outcome of what could not be read
NOT_MADE = "not_made"  # outcome of pairs whose attack or synthesis failed

PAIR_COLUMNS = {
    "pair": "int64",
    "pair_id": "string",
    "network": "string",
    "images": "string",
    "kind": "string",
    "a": "string",
    "c": "string",
    "target": "int64",
    "target_name": "string",
}
PLACE_COLUMNS = {"entry": "int32", "a_number": "int64", "c_number": "int64", "stop": "float64"}
FOUND_COLUMNS = {
    "a_loss": "float64",
    "c_loss": "float64",
    "threshold": "float64",
    "direct_max_loss": "float64",
    "direct_coarse_max_loss": "float64",
    "direct_gap": "float64",
    "direct_argmax_t": "float64",
    "direct_connected": "bool",
    "direct_class_connected": "bool",
    "max_loss": "float64",
    "coarse_max_loss": "float64",
    "gap": "float64",
    "argmax_t": "float64",
    "connected": "bool",
    "class_connected": "bool",
    "outcome": "string",
    "deviation": "float64",
    "length_ratio": "float64",
    "direct_length": "float64",
    "rounds": "int64",
    "steps": "int64",
    "forward_equivalents": "int64",
    "resolution": "float64",
    "exact": "bool",
    "pieces": "int64",
    **{f"max_loss_after_{rounds}": "float64" for rounds in ROUNDS},
    "reason": "string",
}


def schema(*columns: Mapping[str, str]) -> pyarrow.Schema:
    """An Arrow schema of some of the columns above."""
    import pyarrow

    return pyarrow.schema([(name, pyarrow.type_for_alias(kind)) for part in columns for name, kind in part.items()])


def plan_schema() -> pyarrow.Schema:
    """Of the pair table: which pair, and where its ends are read from."""
    return schema(PAIR_COLUMNS, PLACE_COLUMNS)


def result_schema() -> pyarrow.Schema:
    """Of a shard and of the study's table."""
    return schema(PAIR_COLUMNS, FOUND_COLUMNS)


def result_table(pairs: Sequence[Mapping[str, Any]], results: Sequence[Mapping[str, Any]]) -> pyarrow.Table:
    """The rows of some pairs: a row of the pair table each, with what was found, or with an outcome and a reason."""
    import pyarrow

    heads = ({name: pair[name] for name in PAIR_COLUMNS} for pair in pairs)
    rows = [dict(found) | head for head, found in zip(heads, results, strict=True)]
    return pyarrow.Table.from_pylist(rows, schema=result_schema())


def skipped_table(skipped: Mapping[str, Mapping[str, str]]) -> pyarrow.Table:
    """A row for every input that was set aside: its collection, its name, and why."""
    import pyarrow

    rows = [
        {"images": images, "a": name, "outcome": UNREADABLE, "reason": reason}
        for images, names in skipped.items()
        for name, reason in names.items()
    ]
    return pyarrow.Table.from_pylist(rows, schema=result_schema())
