"""Pairs of one kind as columns, and what can be read off them to tell kinds apart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus.connecting.columns import ROUNDS
from isthmus.estimates import Floats, match

LOWEST = 1e-4  # losses below this count as equal when pairs are matched
LOSS_CALIPER = 0.15  # largest difference of log10 of the losses of matched ends: a factor of 1.4
LENGTH_CALIPER = 0.05  # largest difference of the logarithms of matched lengths: about 5 %
NUMBERS = (
    *("a_loss", "c_loss", "direct_length", "direct_max_loss", "direct_gap", "max_loss", "deviation", "steps", "rounds"),
    *(f"max_loss_after_{rounds}" for rounds in ROUNDS),
)


@dataclass(frozen=True, eq=False)
class PairTable:
    """Pairs of one kind.

    Attributes:
        target: class of each (n,).
        columns: numbers of each (n,), as in the table of a study.
    """

    target: NDArray[np.int64]
    columns: Mapping[str, Floats]

    @staticmethod
    def of(rows: Sequence[Mapping[str, Any]], kind: str) -> PairTable:
        """The pairs of a kind that were measured."""
        kept = [row for row in rows if row["kind"] == kind and row["max_loss"] is not None]
        columns = {name: np.array([row[name] for row in kept], dtype=np.float64) for name in NUMBERS}
        return PairTable(np.array([row["target"] for row in kept], dtype=np.int64), columns)

    def __len__(self) -> int:
        return len(self.target)

    def take(self, numbers: NDArray[np.int64]) -> PairTable:
        """Some of the pairs."""
        return PairTable(self.target[numbers], {name: values[numbers] for name, values in self.columns.items()})

    def turned(self, which: NDArray[np.bool_]) -> PairTable:
        """The same with A and C exchanged where `which` says so: all but the two losses is the same from both sides."""
        a, c = self.columns["a_loss"], self.columns["c_loss"]
        ends = {"a_loss": np.where(which, c, a), "c_loss": np.where(which, a, c)}
        return replace(self, columns={**self.columns, **ends})


Score = Callable[[PairTable], Floats]


def column(name: str) -> Score:
    """The score that is a column."""
    return lambda pairs: pairs.columns[name]


def gap_after(rounds: int) -> Score:
    """Gap of the best path after so many rounds at most."""
    return lambda pairs: (
        pairs.columns[f"max_loss_after_{rounds}"] - np.maximum(pairs.columns["a_loss"], pairs.columns["c_loss"])
    )


def low_end(pairs: PairTable) -> Floats:
    """How low the loss of the end C alone is: where an attack goes on until it is below A's, this alone tells."""
    return -pairs.columns["c_loss"]


def matched(real: PairTable, other: PairTable, *, losses: bool, length: bool) -> tuple[PairTable, PairTable]:
    """The largest subsets, pair for pair, whose ends have the same losses, or the same distance, or both.

    A real pair may be looked at from either side; the side that fits better is taken.
    """
    side = [np.zeros((len(other), len(real))) for _ in range(2)]
    if losses:
        for distance, names in zip(side, (("a_loss", "c_loss"), ("c_loss", "a_loss")), strict=True):
            for mine, its in zip(("a_loss", "c_loss"), names, strict=True):
                distance[:] = np.maximum(distance, _apart(other, real, mine, its) / LOSS_CALIPER)
    if length:
        logarithms = [np.log(pairs.columns["direct_length"]) for pairs in (other, real)]
        apart = np.abs(logarithms[0][:, None] - logarithms[1][None]) / LENGTH_CALIPER
        side = [np.maximum(distance, apart) for distance in side]
    partners = match(np.minimum(*side), 1.0)
    turned = side[1][partners[:, 0], partners[:, 1]] < side[0][partners[:, 0], partners[:, 1]]
    return real.take(partners[:, 1]).turned(turned), other.take(partners[:, 0])


def _apart(other: PairTable, real: PairTable, mine: str, its: str) -> Floats:
    logarithms = [np.log10(np.maximum(values, LOWEST)) for values in (other.columns[mine], real.columns[its])]
    apart: Floats = np.abs(logarithms[0][:, None] - logarithms[1][None])
    return apart
