"""Comparison: what several runs say of the same pairs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

import numpy as np

from isthmus._core.annotated import as_annotated
from isthmus._core.displayed import Plotted
from isthmus._core.random import numpy_generator
from isthmus._core.registry import imported
from isthmus._core.text import amount
from isthmus.comparing.rows import Run
from isthmus.comparing.transfer import Transfer
from isthmus.errors import InputError
from isthmus.estimates import ClassDraws, Estimate, Floats, mean, mean_of_few, median
from isthmus.results import claim

if TYPE_CHECKING:
    import pyarrow

# What is compared, and how: shares and lengths by their means, losses and costs, which have long tails, by medians.
MEASURES = {
    "direct_connected": "mean",
    "connected": "mean",
    "class_connected": "mean",
    "direct_max_loss": "median",
    "max_loss": "median",
    "direct_gap": "median",
    "gap": "median",
    "deviation": "mean",
    "length_ratio": "mean",
    "forward_equivalents": "median",
}
SHARES = ("direct_connected", "connected", "class_connected")
LOSSES = ("direct_max_loss", "max_loss", "direct_gap", "gap")  # which only runs of one unit share
COLUMNS = ("target", "threshold", "outcome", *MEASURES)


@final
@dataclass(frozen=True, kw_only=True)
class Difference:
    """A measure of one run beside that of another, on the same pairs.

    Attributes:
        measure: which.
        run, baseline: names of the two runs.
        statistic: mean or median.
        value, baseline_value: of the measure in either.
        difference: of the pairs' own differences, run less baseline, with a 95 % interval.
        higher, lower: share of the pairs of which the run has the higher or the lower value.
        pairs: counted.
        left_out: pairs of which one of the two has no finite value.
    """

    measure: str
    run: str
    baseline: str
    statistic: str
    value: float
    baseline_value: float
    difference: Estimate
    higher: float
    lower: float
    pairs: int
    left_out: int


@final
@dataclass(frozen=True, eq=False, kw_only=True)
class Comparison(Plotted):
    """What several runs say of the same pairs.

    Attributes:
        runs: the runs, whole.
        places: of every pair that all runs have, its number in each run (n, runs).
        transfer: how paths found on one network are on the others.
        asked: whether that was asked for.
        seed: of the bootstrap.
    """

    runs: tuple[Run, ...]
    places: tuple[tuple[int, ...], ...]
    transfer: tuple[Transfer, ...] = ()
    asked: bool = False
    seed: int = 0

    def __len__(self) -> int:
        return len(self.places)

    def __repr__(self) -> str:
        return f"Comparison({amount(len(self), 'pair')} in {len(self.runs)} runs: {', '.join(self.names)})"

    @as_annotated
    def save(self, folder: str | Path, *, overwrite: bool = False) -> Path:
        """Writes what `isthmus compare` writes: page, figure, table and `result.json`, all or nothing.

        Args:
            folder: where to; made if need be.
            overwrite: replace an earlier comparison there.

        Raises:
            OutputError: it cannot be written, or holds something and `overwrite` is off.
        """
        schema, write = (imported(f"isthmus.reports.comparison_run:{name}") for name in ("SCHEMA", "write_comparison"))
        with claim(Path(folder), schema, overwrite=overwrite) as target:
            write(self, target, command="")
        return Path(folder)

    @property
    def names(self) -> tuple[str, ...]:
        """Of the runs."""
        return tuple(run.name for run in self.runs)

    @property
    def left_out(self) -> dict[str, int]:
        """Pairs of each run that not all others have."""
        return {run.name: len(run) - len(self) for run in self.runs}

    @property
    def other_targets(self) -> int:
        """Pairs that do not have the same target in all runs."""
        return sum(len({int(row["target"]) for row in self._of_pair(pair)}) > 1 for pair in range(len(self)))

    @property
    def unit(self) -> str | None:
        """Of the losses; None where runs have different ones, whose losses are then not compared."""
        units = {run.unit for run in self.runs}
        return units.pop() if len(units) == 1 else None

    @property
    def measures(self) -> tuple[str, ...]:
        """What can be compared."""
        return tuple(name for name in MEASURES if self.unit is not None or name not in LOSSES)

    @property
    def by_class(self) -> bool:
        """Whether intervals come from a bootstrap of whole classes; with one class, pairs are taken as independent."""
        return len(np.unique(self.values("target", 0))) > 1

    def values(self, measure: str, run: int) -> Floats:
        """A column of the run of that number, for the pairs that all have (n,); NaN where there is none."""
        rows = self.runs[run].rows
        found = [rows[places[run]].get(measure) for places in self.places]
        return np.array([math.nan if value is None else float(value) for value in found])

    def table(self) -> pyarrow.Table:
        """A row for each pair in each run: `key`, `run`, `number` in that run, and what was found."""
        import pyarrow

        rows = [
            {"key": self.runs[0].keys[places[0]], "run": run.name, "number": place}
            | {name: run.rows[place].get(name) for name in COLUMNS}
            for places in self.places
            for run, place in zip(self.runs, places, strict=True)
        ]
        return pyarrow.Table.from_pylist(rows)

    def differences(self, measures: Sequence[str] | None = None, *, baseline: str | None = None) -> list[Difference]:
        """Paired differences of every run from one of them, measure by measure.

        Args:
            measures: some of `self.measures`; all of them by default.
            baseline: name of the run that the others are compared with; the first, by default.

        Raises:
            InputError: no such measure or run.
        """
        measures = self.measures if measures is None else measures
        unknown = [name for name in measures if name not in self.measures]
        if unknown:
            apart = " (the losses of these runs have different units)" if unknown[0] in LOSSES else ""
            raise InputError(f"measures must be some of {', '.join(self.measures)}, got {unknown[0]!r}{apart}.")
        if baseline is not None and baseline not in self.names:
            raise InputError(f"baseline must be one of {', '.join(self.names)}, got {baseline!r}.")
        base = 0 if baseline is None else self.names.index(baseline)
        return [
            self._difference(measure, run, base) for run in range(len(self.runs)) if run != base for measure in measures
        ]

    def _difference(self, measure: str, run: int, base: int) -> Difference:
        ours, theirs = self.values(measure, run), self.values(measure, base)
        known = np.isfinite(ours) & np.isfinite(theirs)
        apart, statistic = ours[known] - theirs[known], MEASURES[measure]
        middle = np.mean if statistic == "mean" else np.median
        return Difference(
            measure=measure,
            run=self.names[run],
            baseline=self.names[base],
            statistic=statistic,
            value=float(middle(ours[known])) if known.any() else math.nan,
            baseline_value=float(middle(theirs[known])) if known.any() else math.nan,
            difference=self._average(apart, self.values("target", 0)[known], measure),
            higher=float((apart > 0).mean()) if known.any() else math.nan,
            lower=float((apart < 0).mean()) if known.any() else math.nan,
            pairs=int(known.sum()),
            left_out=int((~known).sum()),
        )

    def _average(self, apart: Floats, cluster: Floats, measure: str) -> Estimate:
        """Mean or median of paired differences: by drawing classes, or, of one class, as of independent pairs."""
        if not len(apart):
            return Estimate(math.nan, math.nan, math.nan)
        draws = ClassDraws.of(cluster, numpy_generator(self.seed)) if len(np.unique(cluster)) > 1 else None
        if MEASURES[measure] == "median":
            return median(apart, draws)
        if draws is not None:
            return mean(apart, draws)
        most = 1.0 if measure in SHARES else math.inf
        return mean_of_few(apart, low=-most, high=most)  # differences are no shares: they have two signs

    def _of_pair(self, pair: int) -> list[Any]:
        return [run.rows[place] for run, place in zip(self.runs, self.places[pair], strict=True)]
