"""measure: more to say of connections than connecting them tells, each thing in columns of its own."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, final

from isthmus import registries
from isthmus._core.annotated import as_annotated
from isthmus._core.registry import OWN, load_own, make_own
from isthmus.connecting.columns import COLUMNS, EXTRA, Column, measured_column
from isthmus.connecting.connection import Connection
from isthmus.connecting.connections import Connections
from isthmus.errors import InputError, SpecError, UnknownNameError
from isthmus.landscapes import AbstractLandscape
from isthmus.metrics import AbstractMetric

NAMED = ("pair", "pair_id", "a", "c", "target_name", "network", "inputs", "images", "kind", "entry", "reason")
"""Columns that runs and studies put beside those of a pair."""


class Measurement(ABC):
    """Something that is measured of connections after they were found, on the landscape.

    Attributes:
        columns: what it says of a pair; `measured_column` makes one.
    """

    @property
    @abstractmethod
    def columns(self) -> tuple[Column, ...]: ...

    def check(self, landscape: AbstractLandscape) -> None:  # noqa: B027 (most can be measured everywhere)
        """Whether it can be measured on this landscape; asked before anything is connected.

        Raises:
            InputError: it cannot; it says what is missing.
        """

    @abstractmethod
    def values(self, landscape: AbstractLandscape, found: Sequence[Connection]) -> Sequence[Mapping[str, Any]]:
        """What is said of each pair, by the names of the columns; None where there is nothing to say."""


@final
@dataclass(frozen=True)
class Extents(Measurement):
    """Length and deviation of paths in a metric: `direct_length_NAME`, `length_ratio_NAME` and `deviation_NAME`."""

    _parts: ClassVar[dict[str, str]] = {
        "direct_length": "length of the straight segment AC, in {unit}",
        "length_ratio": "length of the path found / length of AC, both in {unit}",
        "deviation": "largest distance of the path found from AC / length of AC, both in {unit}",
    }
    metric: AbstractMetric

    @property
    def columns(self) -> tuple[Column, ...]:
        words = {name: text.format(unit=self.metric.unit) for name, text in self._parts.items()}
        return tuple(
            measured_column(f"{name}_{self.metric.name}", "float64", f"{meaning} ({self.metric.name})")
            for name, meaning in words.items()
        )

    def check(self, landscape: AbstractLandscape) -> None:
        self.metric.check(landscape)

    def values(self, landscape: AbstractLandscape, found: Sequence[Connection]) -> Sequence[Mapping[str, Any]]:
        extents = self.metric.extents(landscape, [pair.path for pair in found])
        said = [{f"{name}_{self.metric.name}": getattr(extent, name) for name in self._parts} for extent in extents]
        return [{name: None if math.isnan(value) else value for name, value in row.items()} for row in said]


@as_annotated
def measure(landscape: AbstractLandscape, found: Connections, *what: AbstractMetric | Measurement) -> Connections:
    """The same connections with further columns: lengths and deviations in other metrics, or what rounding does.

    Args:
        landscape: the landscape on which the paths were found.
        found: the connections.
        what: metrics, such as `LInf()`, `Fisher()` or `Features("layer3")`, or measurements, such as `AsKept()`.

    Returns:
        Connections whose pairs have the values in `measured`, and whose table has the columns; both are saved. What was
        measured before under the same names is replaced.

    Raises:
        InputError: something cannot be measured on this landscape, or two things have columns of one name.
    """
    wanted = [Extents(each) if isinstance(each, AbstractMetric) else each for each in what]
    for each in wanted:
        each.check(landscape)
    columns = [column for each in wanted for column in each.columns]
    again = {column.name for column in columns} & {name for pair in found for name in pair.measured}
    kept = tuple(column for column in found.extra if column.name not in again)
    _check_names([*(column.name for column in kept), *(column.name for column in columns)])
    said: list[dict[str, Any]] = [{} for _ in found]
    for each in wanted:
        for row, values in zip(said, each.values(landscape, found.pairs) if len(found) else [], strict=True):
            row.update(values)
    pairs = tuple(replace(pair, measured={**pair.measured, **row}) for pair, row in zip(found, said, strict=True))
    return replace(found, pairs=pairs, extra=(*kept, *columns))


@final
@dataclass(frozen=True, kw_only=True)
class Added:
    """What a table says beside the columns that every table has: columns read off a pair, and what is measured."""

    own: tuple[Column, ...] = ()
    measured: tuple[Measurement, ...] = ()

    @staticmethod
    def of(names: Sequence[str]) -> Added:
        """What names mean: `linf`, `per-channel`, `fisher`, `features:LAYER`, `kept`, a column that was registered, or
        `py:PACKAGE.MODULE:NAME` of a column, a metric or a measurement of somebody's own.

        Raises:
            UnknownNameError: there is no such thing.
            SpecError: what somebody else has written is something else, or two things have columns of one name.
        """
        made = [_named(name) for name in names]
        added = Added(
            own=tuple(each for each in made if isinstance(each, Column)),
            measured=tuple(each for each in made if isinstance(each, Measurement)),
        )
        try:
            _check_names([column.name for column in added.columns])
        except InputError as error:
            raise SpecError(str(error)) from error
        return added

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, in order."""
        return (*self.own, *(column for each in self.measured for column in each.columns))

    def check(self, landscape: AbstractLandscape) -> None:
        """Whether everything can be measured on a landscape; raises an InputError where something cannot."""
        for each in self.measured:
            each.check(landscape)

    def to(self, landscape: AbstractLandscape, found: Connections) -> Connections:
        """The connections with everything that is added."""
        return measure(landscape, replace(found, extra=(*found.extra, *self.own)), *self.measured)


def _named(name: str) -> Column | Measurement:
    base, colon, setting = name.partition(":")
    if name.startswith(OWN):
        made = load_own(name)
        made = made if isinstance(made, Column | Measurement | AbstractMetric) else make_own(name, made)
    elif base in registries.METRICS and bool(colon) == (base == "features"):
        made = registries.METRICS.make(base, **({"layer": setting} if colon else {}))
    elif name in registries.MEASUREMENTS:
        made = registries.MEASUREMENTS.make(name)
    elif name in EXTRA:
        made = EXTRA.make(name)
    else:
        known = [f"{each}:LAYER" if each == "features" else each for each in registries.METRICS]
        raise UnknownNameError(
            f"There is no column '{name}'; known are {', '.join([*known, *registries.MEASUREMENTS, *EXTRA])}, or "
            "py:PACKAGE.MODULE:NAME for one of your own."
        )
    if isinstance(made, AbstractMetric):
        return Extents(made)
    if not isinstance(made, Column | Measurement):
        raise SpecError(
            f"'{name}' gives a {type(made).__name__}; expected a column (Column), a metric (AbstractMetric) or a "
            "measurement (Measurement)."
        )
    return made


def _check_names(names: Sequence[str]) -> None:
    own = {*(column.name for column in COLUMNS), *NAMED}
    twice = sorted({name for name in names if list(names).count(name) > 1 or name in own})
    if twice:
        raise InputError(f"Two things have a column of one name: {', '.join(twice)}.")
