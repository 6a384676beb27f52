"""Runs: what was found for pairs, row by row, each under a key that the same pair has in every run."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, final

from isthmus.connecting.columns import name_now
from isthmus.connecting.connection import Connection
from isthmus.connecting.connections import Connections
from isthmus.errors import InputError
from isthmus.inputs.kinds import Arrays
from isthmus.results import digest_of


@final
@dataclass(frozen=True, eq=False)
class Run:
    """A run of pairs.

    Attributes:
        name: what it is called.
        keys: of its pairs (n,): what is at both ends, and which of several alike it is.
        rows: of its pairs, with the columns of `connecting.columns`.
        unit: of its losses.
    """

    name: str
    keys: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    unit: str = "nats"

    def __len__(self) -> int:
        return len(self.keys)


def runs_of_connections(runs: Mapping[str, Connections]) -> list[Run]:
    """Runs of `connect`, whose pairs are known by their ends: bit for bit in float32, or as their kind knows them where
    that of no run was left behind with its network.
    """
    kinds = [pair.input_kind for found in runs.values() for pair in found]
    plain = not all(kind is None or kind.complete for kind in kinds)
    return [
        Run(
            name,
            numbered([key_of(pair, plain=plain) for pair in found]),
            tuple(found.table().to_pylist()),
            str(found.description.get("unit", "nats")),
        )
        for name, found in runs.items()
    ]


def runs_of_study(
    rows: Sequence[Mapping[str, Any]],
    units: Mapping[str, str],
    *,
    kind: str | None = None,
    inputs: str | None = None,
    prefix: str = "",
) -> list[Run]:
    """The networks of a study as runs, from the rows of its table; pairs are known by their `pair_id`.

    Args:
        rows: of the table, of version 0.2 too; rows without a pair, which are inputs that were set aside, and pairs
            that have no numbers take no part.
        units: of the losses on each network.
        kind: of the pairs; must be said where there are several, whose shares mean different things.
        inputs: the collection, likewise.
        prefix: of the names of the networks, where there are several studies.

    Raises:
        InputError: there are several kinds or collections, or not the one that was asked for.
    """
    now = [{name_now(name): value for name, value in row.items()} for row in rows]
    known: list[Mapping[str, Any]] = [row for row in now if row["pair_id"] and row["max_loss"] is not None]
    for column, wanted in (("kind", kind), ("inputs", inputs)):
        there = list(dict.fromkeys(str(row[column]) for row in known))
        if wanted is None and len(there) > 1:
            raise InputError(f"The study has pairs of several {column}: say which of {', '.join(there)} is meant.")
        if wanted is not None and wanted not in there:
            raise InputError(f"The study has no pairs of the {column} '{wanted}', but of {', '.join(there)}.")
        known = [row for row in known if wanted in (None, row[column])]
    runs = []
    for network in dict.fromkeys(row["network"] for row in known):
        own = [row for row in known if row["network"] == network]
        keys = numbered([row["pair_id"] for row in own])
        runs.append(Run(f"{prefix}{network}", keys, tuple(own), units.get(network, "nats")))
    return runs


def under(runs: Sequence[Run], names: Sequence[str]) -> list[Run]:
    """The same runs under other names, all different.

    Raises:
        InputError: another number of names, or one twice.
    """
    return [replace(run, name=name) for run, name in zip(runs, distinct(names, len(runs)), strict=True)]


def distinct(names: Sequence[str], count: int) -> list[str]:
    """Names of so many runs, all different.

    Raises:
        InputError: another number of names, or one twice.
    """
    if len(names) != count or len(set(names)) != count:
        raise InputError(f"names must be {count} different ones, one a run, got {list(names)}.")
    return [str(name) for name in names]


def key_of(pair: Connection, *, plain: bool = False) -> str:
    """What a pair is known by: its two ends, in this order; by their numbers alone, where that is asked for."""
    kind = Arrays() if plain or pair.input_kind is None else pair.input_kind
    return digest_of([hashlib.sha256(kind.identity(end)).hexdigest() for end in pair.path.ends])[:20]


def numbered(keys: Sequence[str]) -> tuple[str, ...]:
    """The same, with a number where a key comes again: twice the same pair is two pairs."""
    met: Counter[str] = Counter()
    found = []
    for key in keys:
        met[key] += 1
        found.append(key if met[key] == 1 else f"{key}-{met[key]}")
    return tuple(found)


def matched(runs: Sequence[Run]) -> list[list[int]]:
    """Of every pair that all runs have, its number in each of them, in the order of the first.

    Raises:
        InputError: there is none.
    """
    places = [{key: number for number, key in enumerate(run.keys)} for run in runs]
    found = [[place[key] for place in places] for key in runs[0].keys if all(key in place for place in places)]
    if not found:
        counts = ", ".join(f"{run.name}: {len(run)}" for run in runs)
        raise InputError(
            f"No pair is in all runs ({counts} pairs). Pairs are the same where both ends are the same inputs, in the "
            "same order; networks that take inputs of different sizes have none in common. Where pairs are drawn among "
            "the inputs that a network recognises, give every run the same (--pairs FILE), or make a study."
        )
    return found
