"""Statistics: a study in a few numbers a group, with intervals that respect that pairs of one class are alike."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from isthmus._core.displayed import Plotted
from isthmus._core.random import numpy_generator
from isthmus._core.text import amount
from isthmus.estimates import ClassDraws, Estimate, Floats, mean, median
from isthmus.studies.rows import NOT_MADE, UNREADABLE, as_named_now

if TYPE_CHECKING:
    import pyarrow

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
MEASURES = ("direct_max_loss", "max_loss", "direct_gap", "gap")
NEEDED = (
    *("network", "inputs", "kind", "target", "target_name", "outcome", "rounds", "steps", "class_connected"),
    *("direct_connected", "connected", "deviation", "forward_equivalents", *MEASURES),
)


@dataclass(frozen=True, kw_only=True)
class Group:
    """The pairs of one network, collection and kind, and of one class where `target` is given.

    Shares and quantiles are over the pairs whose losses are finite; the others are counted beside them.

    Attributes:
        pairs: all of them.
        not_finite: those with a loss that is not finite.
        unreadable: those of which an end could not be read.
        not_made: those whose attack or synthesis failed.
        connected_after: share connected after 0 (by the direct path), 1, 2, ... rounds at most.
        class_connected: share whose class is predicted all along the path found.
        quantiles: 5, 25, 50, 75 and 95 % of max loss and gap, before and after.
        medians: median of the same four, with intervals.
        deviation: mean over the bypassed pairs.
        cost: median of the forward-equivalents of a pair.
        outcomes: number of pairs by outcome.
    """

    network: str
    inputs: str
    kind: str
    target: int | None
    target_name: str | None
    pairs: int
    not_finite: int
    unreadable: int
    not_made: int
    connected_after: tuple[Estimate, ...]
    class_connected: Estimate
    quantiles: dict[str, tuple[float, ...]]
    medians: dict[str, Estimate]
    deviation: Estimate
    cost: float
    outcomes: dict[str, int]

    @property
    def images(self) -> str:
        """What `inputs` was called up to version 0.2."""
        return self.inputs

    @property
    def counted(self) -> int:
        """Pairs that shares and quantiles are over."""
        return self.pairs - self.not_finite - self.unreadable - self.not_made

    @property
    def connected_directly(self) -> Estimate:
        """Share connected by the direct path."""
        return self.connected_after[0]

    @property
    def connected(self) -> Estimate:
        """Share connected in the end."""
        return self.connected_after[-1]

    def describe(self) -> dict[str, Any]:
        """As a dict ready for JSON."""
        return asdict(self)


@dataclass(frozen=True, kw_only=True)
class StudySummary(Plotted):
    """Groups of a study: by network, collection and kind, and by class within them.

    Attributes:
        groups: over all classes; intervals by a bootstrap that draws whole classes.
        classes: one for every class of every group; their intervals take its pairs as independent, which is too
            narrow where pairs share inputs.
        set_aside: inputs that could not be used.
    """

    groups: tuple[Group, ...]
    classes: tuple[Group, ...]
    set_aside: int

    def __repr__(self) -> str:
        pairs = sum(group.pairs for group in self.groups)
        return (
            f"StudySummary({amount(pairs, 'pair')} in {amount(len(self.groups), 'group')}, "
            f"{amount(self.set_aside, 'input')} set aside)"
        )

    def describe(self) -> dict[str, Any]:
        """As a dict ready for JSON."""
        return {
            "groups": [group.describe() for group in self.groups],
            "classes": [group.describe() for group in self.classes],
            "set_aside": self.set_aside,
        }


def summarize_study(batches: Iterable[pyarrow.Table], *, seed: int = 0) -> StudySummary:
    """The summary of a study's rows, which may come in parts; only numbers are kept of each.

    Args:
        batches: tables with the columns of a study.
        seed: of the bootstrap.
    """
    import pyarrow

    parts = [_compact(as_named_now(batch).select(list(NEEDED))) for batch in batches]
    if not parts:
        return StudySummary(groups=(), classes=(), set_aside=0)
    table = pyarrow.concat_tables(part for part, _ in parts).unify_dictionaries()
    random = numpy_generator(seed)
    groups, classes = [], []
    keys = [_texts(table, name) for name in ("network", "inputs", "kind")]
    for key in dict.fromkeys(zip(*keys, strict=True)):
        mask = np.logical_and.reduce([column == value for column, value in zip(keys, key, strict=True)])
        rows = _Rows.of(table if mask.all() else table.filter(pyarrow.array(mask)))
        groups.append(_group(key, rows, None, random))
        classes += [_group(key, rows.take(rows.target == t), int(t), random) for t in np.unique(rows.target)]
    return StudySummary(groups=tuple(groups), classes=tuple(classes), set_aside=sum(aside for _, aside in parts))


def _compact(batch: pyarrow.Table) -> tuple[pyarrow.Table, int]:
    """A part without the rows of inputs set aside, its texts as numbers; and how many such rows there were."""
    import pyarrow
    import pyarrow.compute

    pairs = batch.filter(pyarrow.compute.is_valid(batch["network"])).replace_schema_metadata(None)
    text = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
    schema = pyarrow.schema(
        [field.with_type(text) if field.type == pyarrow.string() else field for field in pairs.schema]
    )
    return pairs.cast(schema), len(batch) - len(pairs)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Columns of one group as arrays (n,); floats are NaN where nothing is known."""

    target: NDArray[np.int64]
    name: NDArray[Any]
    outcome: NDArray[Any]
    rounds: Floats
    direct: Floats
    connected: Floats
    class_connected: Floats
    deviation: Floats
    steps: Floats
    cost: Floats
    measures: dict[str, Floats]

    @classmethod
    def of(cls, table: pyarrow.Table) -> _Rows:
        def floats(name: str) -> Floats:
            found: Floats = table[name].combine_chunks().cast("float64").to_numpy(zero_copy_only=False)
            return found

        def flags(name: str) -> Floats:
            found: Floats = table[name].combine_chunks().cast("int8").cast("float64").to_numpy(zero_copy_only=False)
            return found

        return cls(
            target=table["target"].combine_chunks().to_numpy(zero_copy_only=False),
            name=_texts(table, "target_name"),
            outcome=_texts(table, "outcome"),
            rounds=floats("rounds"),
            direct=flags("direct_connected"),
            connected=flags("connected"),
            class_connected=flags("class_connected"),
            deviation=floats("deviation"),
            steps=floats("steps"),
            cost=floats("forward_equivalents"),
            measures={name: floats(name) for name in MEASURES},
        )

    def take(self, mask: NDArray[np.bool_]) -> _Rows:
        if mask.all():
            return self
        measures = {name: values[mask] for name, values in self.measures.items()}
        return _Rows(
            **{name: value[mask] for name, value in vars(self).items() if name != "measures"}, measures=measures
        )


def _texts(table: pyarrow.Table, name: str) -> NDArray[Any]:
    """A column of texts, each different text only once in memory."""
    column = table[name].combine_chunks()
    found: NDArray[Any] = np.asarray(column.dictionary.to_pylist(), dtype=object)[column.indices.to_numpy()]
    return found


def _group(key: Sequence[str], rows: _Rows, target: int | None, random: np.random.Generator) -> Group:
    counted = np.isin(rows.outcome, ("not_finite", UNREADABLE, NOT_MADE), invert=True)
    seen = rows.take(counted)
    draws = ClassDraws.of(seen.target, random) if target is None else None
    most = int(seen.rounds.max()) if len(seen.rounds) else 0
    after = [mean(connected_after(seen.direct, seen.connected, seen.rounds, n), draws) for n in range(most + 1)]
    bypassed = (seen.steps > 0) & np.isfinite(seen.deviation)
    quantiles = {
        name: tuple(np.quantile(values, QUANTILES).tolist()) if len(values) else (math.nan,) * len(QUANTILES)
        for name, values in seen.measures.items()
    }
    outcomes, counts = np.unique(rows.outcome.astype(str), return_counts=True)
    return Group(
        network=key[0],
        inputs=key[1],
        kind=key[2],
        target=target,
        target_name=None if target is None else str(rows.name[0]),
        pairs=len(rows.outcome),
        not_finite=int((rows.outcome == "not_finite").sum()),
        unreadable=int((rows.outcome == UNREADABLE).sum()),
        not_made=int((rows.outcome == NOT_MADE).sum()),
        connected_after=tuple(after),
        class_connected=mean(seen.class_connected, draws),
        quantiles=quantiles,
        medians={name: median(values, draws) for name, values in seen.measures.items()},
        deviation=mean(np.where(bypassed, seen.deviation, np.nan), draws),
        cost=float(np.median(seen.cost)) if len(seen.cost) else math.nan,
        outcomes=dict(zip(outcomes.tolist(), counts.tolist(), strict=True)),
    )


def connected_after(direct: Floats, connected: Floats, rounds: Floats, number: int) -> Floats:
    """1 where a pair was connected after so many rounds at most, from columns of the table (n,)."""
    return np.asarray((direct == 1) | ((connected == 1) & (rounds <= number)), dtype=np.float64)
