"""Findings: what an experiment has found, in words, tables and a chart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isthmus.charts import Chart
from isthmus.estimates import Estimate


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of findings.

    Attributes:
        name: of its file.
        title: above it.
        columns: heading of each key, in order; None keeps a column out of the page, not out of the file.
        rows: values: text, numbers, or estimates with their intervals.
        percent: keys whose numbers are shares.
        note: below it.
    """

    name: str
    title: str
    columns: Mapping[str, str | None]
    rows: Sequence[Mapping[str, Any]]
    percent: frozenset[str] = frozenset()
    note: str = ""

    def shown(self) -> list[list[str]]:
        """The cells that a reader sees."""
        keys = [key for key, heading in self.columns.items() if heading is not None]
        return [[cell(row.get(key), percent=key in self.percent) for key in keys] for row in self.rows]

    def words(self) -> list[bool]:
        """Which of the columns that a reader sees hold text, and not numbers only."""
        keys = [key for key, heading in self.columns.items() if heading is not None]
        return [any(isinstance(row.get(key), str) and not _number(row[key]) for row in self.rows) for key in keys]

    def plain_rows(self) -> list[dict[str, Any]]:
        """Rows for files: an estimate becomes three columns."""
        return plain([{key: row.get(key) for key in self.columns} for row in self.rows])


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What an experiment has found.

    Attributes:
        title: headline.
        source: where in the paper the claim stands.
        claim: what the paper says.
        about: network, data, number of pairs.
        found: what was found here, a sentence each.
        agrees, differs: what of the claim was seen here, and what was not, a sentence each.
        tables: the numbers.
        chart: the picture.
        caption: below it: network, data, n, and what the intervals are.
        notes: what a reader should know.
    """

    title: str
    source: str
    claim: str
    about: str
    found: Sequence[str]
    agrees: Sequence[str]
    differs: Sequence[str]
    tables: Sequence[Table]
    chart: Chart
    caption: str
    notes: Sequence[str] = ()


def _number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def plain(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows in which an estimate is three values: itself and the ends of its interval."""
    found = []
    for row in rows:
        flat: dict[str, Any] = {}
        for key, value in row.items():
            if isinstance(value, Estimate):
                flat |= {key: value.value, f"{key}_low": value.low, f"{key}_high": value.high}
            else:
                flat[key] = value
        found.append(flat)
    return found


def cell(value: Any, *, percent: bool = False) -> str:
    """A value as a reader sees it."""
    if isinstance(value, Estimate):
        return spread(value, percent=percent)
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return share(value) if percent else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def spread(estimate: Estimate, *, percent: bool = False) -> str:
    """`0.53 (0.41 to 0.66)`, or `53.1 % (41.0 to 66.2)`."""
    if math.isnan(estimate.value):
        return "–"
    if percent:
        text, ends = share(estimate.value), [f"{100 * end:.1f}" for end in (estimate.low, estimate.high)]
    else:
        text, ends = f"{estimate.value:.3g}", [f"{end:.3g}" for end in (estimate.low, estimate.high)]
    return text if math.isnan(estimate.low) else f"{text} ({ends[0]} to {ends[1]})"


def share(value: float) -> str:
    """`53.1 %`."""
    return f"{100 * value:.1f} %"
