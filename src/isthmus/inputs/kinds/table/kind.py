"""Table: an input is a row, as coordinates of its features."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from isthmus._core.annotated import as_annotated
from isthmus._core.shapes import Input, Inputs
from isthmus.errors import ImageError, InputError
from isthmus.inputs.base import Collection
from isthmus.inputs.kinds.base import InputKind, Limits, Pixels, Walk
from isthmus.inputs.kinds.canvas import bars
from isthmus.inputs.kinds.named import Named
from isthmus.inputs.kinds.table.columns import Feature, columns_of
from isthmus.inputs.kinds.table.fitting import features_of
from isthmus.inputs.kinds.table.rounding import rounded

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN = 8  # features in a small picture
NAMED = 3  # in a line of words
SAME = 1e-3  # of the spread: a smaller change is none
TARGETS = ("target", "class", "label", "y")  # names of labels that a data set may hold elsewhere than in its columns
Given = Mapping[str, tuple[float, float]]


@as_annotated
@dataclass(frozen=True, kw_only=True)
class Table(InputKind):
    """Rows with the same features.

    An input (d,) holds the coordinates of the features one after the other. Distances between rows are those between
    coordinates: a number counts in units of its `spread`, and two different categories are the square root of 2 apart.

    Attributes:
        features: the columns, in the order of the network.
        sums: groups of features, by name, whose sum is given, in their unit, such as shares that make up 100.
        label: the column of a file that says the class.
        shown_first: features in the order in which they are shown; as they stand by default.
    """

    features: tuple[Feature, ...]
    sums: tuple[tuple[tuple[str, ...], float], ...] = ()
    label: str | None = None
    shown_first: tuple[int, ...] = ()

    name: ClassVar[str] = "table"
    one: ClassVar[str] = "row"
    many: ClassVar[str] = "rows"
    blends: ClassVar[bool] = False
    even: ClassVar[bool] = True
    kept_as: ClassVar[str] = "rows with whole numbers and one category each"

    def __post_init__(self) -> None:
        names = self.names
        if not names or len(set(names)) != len(names):
            raise InputError(f"Table needs features of different names, got {', '.join(names[:8]) or 'none'}.")
        for group, _ in self.sums:
            unknown = [name for name in group if name not in names or self[name].categories]
            if unknown or len({self[name].spread for name in group}) > 1:
                raise InputError(
                    f"The sum of {', '.join(group)} must be one of numbers with the same spread"
                    f"{f'; {unknown[0]} is none' if unknown else ''}."
                )
        for group, total in self.sums:
            low, high = (sum(getattr(self[name], end) for name in group) for end in ("low", "high"))
            room = 1e-6 * max(1.0, abs(total))
            if not low - room <= total <= high + room:
                raise InputError(
                    f"{', '.join(group)} cannot make up {total:g}: their ranges allow {low:g} to {high:g}; give others "
                    "as ranges=."
                )

    @classmethod
    def of(
        cls,
        rows: object,
        *,
        names: Sequence[str] | None = None,
        label: str | None = None,
        units: Mapping[str, str] | None = None,
        ranges: Given | None = None,
        held: Sequence[str] = (),
        sums: Sequence[tuple[Sequence[str], float]] = (),
        standardised: bool = True,
    ) -> Table:
        """The table of some rows, such as those that a network was trained on.

        Args:
            rows: a frame (pandas, Arrow, Polars), a mapping of columns, an array (n, features), or a data set of
                scikit-learn.
            names: of the columns of an array.
            label: the column that says the class; it is no feature. It need not be there if it is called "target",
                "class", "label" or "y".
            units: of the features that have one.
            ranges: where values may lie; by default, between the lowest and the highest in the rows.
            held: features that no path may change.
            sums: groups of features whose sum is given.
            standardised: whether distances count in standard deviations of the rows; without, in the features' units.

        Raises:
            InputError: missing values, names that are not there, or ragged rows.
        """
        columns = columns_of(rows, names)
        if label is not None and label not in columns and label not in TARGETS:
            raise InputError(f"There is no column '{label}' to be the label; there are {', '.join(list(columns)[:8])}.")
        columns.pop(label, None) if label is not None else None
        features = features_of(columns, units or {}, ranges or {}, held, sums, standardised=standardised)
        return cls(features=features, sums=tuple((tuple(g), total) for g, total in sums), label=label)

    def __repr__(self) -> str:
        more = f", and {len(self.names) - 6} more" if len(self.names) > 6 else ""
        return f"Table({self.about()}: {', '.join(self.names[:6])}{more})"

    def __getitem__(self, name: str) -> Feature:
        return next(feature for feature in self.features if feature.name == name)

    @property
    def discrete(self) -> bool:
        return any(feature.whole or feature.categories for feature in self.features)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(feature.name for feature in self.features)

    @property
    def shape(self) -> tuple[int, ...]:
        return (self.width,)

    @property
    def width(self) -> int:
        """Coordinates of a row."""
        return sum(feature.width for feature in self.features)

    @property
    def mean(self) -> list[float]:
        """What `Network(mean=...)` takes for a model that takes features in their own units: see `std`."""
        return [-f.center / f.spread if not f.categories else 0.0 for f in self.features for _ in range(f.width)]

    @property
    def std(self) -> list[float]:
        """Likewise: with both, inputs are rows of this table and the model sees values in their units."""
        return [1 / f.spread if not f.categories else 1.0 for f in self.features for _ in range(f.width)]

    def encode(self, rows: object) -> Inputs:
        """Rows as inputs (n, d), float32; takes what `of` takes.

        Raises:
            InputError: a column is missing, or a value cannot be used.
        """
        columns = columns_of(rows, self.names)
        missing = [name for name in self.names if name not in columns]
        if missing:
            raise InputError(f"The rows have no column '{missing[0]}'; they have {', '.join(list(columns)[:8])}.")
        parts = [feature.encoded(columns[feature.name]) for feature in self.features]
        return torch.from_numpy(np.concatenate(parts, axis=1)).float()

    def row(self, x: Input) -> dict[str, str]:
        """A row in words, by the names of its features."""
        return {feature.name: feature.shown(part) for feature, part in self._parts(x)}

    def frame(self, x: Inputs) -> dict[str, list[Any]]:
        """Rows as columns of values: numbers in their units, and the likeliest category."""
        values = x.detach().cpu().double().numpy()
        found: dict[str, list[Any]] = {}
        for feature, place in zip(self.features, self.places, strict=True):
            found[feature.name] = feature.values(values[:, place])
        return found

    def changes(self, x: Input, base: Input) -> list[tuple[Feature, float]]:
        """Features that are not what they were, and by how much in units of their spread, the largest first."""
        found = [
            (feature, float(np.linalg.norm(part - other)))
            for (feature, part), (_, other) in zip(self._parts(x), self._parts(base), strict=True)
        ]
        return sorted((each for each in found if each[1] > SAME), key=lambda each: -each[1])

    def named(self, values: Input, x: Input) -> Named:
        words = self.row(x)
        found = [
            (f"{feature.name} = {words[feature.name]}", float(part.sum())) for feature, part in self._parts(values)
        ]
        return sorted(found, key=lambda each: -abs(each[1]))

    def focused(self, x: Inputs) -> Table:
        """The same, with the features first that differ most among some inputs."""
        values = x.detach().cpu().double().numpy()
        reach = [float(np.linalg.norm(np.ptp(values[:, place], axis=0))) for place in self.places]
        return replace(self, shown_first=tuple(sorted(range(len(reach)), key=lambda k: (-reach[k], k))))

    def about(self) -> str:
        words = sum(bool(feature.categories) for feature in self.features)
        held = sum(feature.held for feature in self.features)
        more = [f"{words} categorical"] * bool(words) + [f"{held} held"] * bool(held)
        return f"rows of {len(self.features)} features" + (f" ({', '.join(more)})" if more else "")

    def open(self, source: Path) -> Collection:
        from isthmus.inputs.kinds.table.files import TableCollection

        return TableCollection(source, self)

    def read(self, source: str) -> Input:
        found, row = self._row(source)
        return found.read(row, None)

    def digest(self, source: str) -> str:
        found, row = self._row(source)
        return found.digest(row)

    def _row(self, source: str) -> tuple[Collection, int]:
        file, _, row = source.rpartition(":")
        if not file or not row.isdecimal():
            raise ImageError(f"{source}: expected FILE:ROW, as in patients.csv:3, rows counted from 0.")
        from isthmus.inputs.kinds.table.files import opened

        found = opened(Path(file), self)
        if int(row) >= len(found):
            raise ImageError(f"{file} has {len(found)} rows, counted from 0; there is no row {row}.")
        return found, int(row)

    def check(self, shape: tuple[int, ...]) -> None:
        if shape != (self.width,):
            words = sum(bool(feature.categories) for feature in self.features)
            with_words = f", {words} of them categories" if words else ""
            raise InputError(
                f"A row of this table has {self.width} coordinates ({len(self.features)} features{with_words}), got "
                f"inputs of shape {shape}."
            )

    def limits(self) -> Limits:
        low: list[float] = []
        high: list[float] = []
        held: list[int] = []
        sums: list[tuple[tuple[int, ...], float]] = []
        start = {feature.name: place.start for feature, place in zip(self.features, self.places, strict=True)}
        for feature, place in zip(self.features, self.places, strict=True):
            if feature.categories:
                low += [0.0] * feature.width
                high += [1.0] * feature.width
                sums.append((tuple(range(place.start, place.stop)), 1.0))
            else:
                low.append((feature.low - feature.center) / feature.spread)
                high.append((feature.high - feature.center) / feature.spread)
            if feature.held:
                held += range(place.start, place.stop)
        for group, total in self.sums:
            spread = self[group[0]].spread
            centers = sum(self[name].center for name in group)
            sums.append((tuple(start[name] for name in group), (total - centers) / spread))
        return Limits(low=torch.tensor(low), high=torch.tensor(high), sums=tuple(sums), held=tuple(held))

    def strange(self, x: Input) -> str:
        found = [
            f"{feature.name} is {feature.shown(part)}, outside {feature.low:g} to {feature.high:g}"
            for feature, part in self._parts(x)
            if not feature.categories
            and not feature.low - SAME * feature.spread <= feature.value(part) <= feature.high + SAME * feature.spread
        ]
        values = self.frame(x[None])
        found += [
            f"{', '.join(group)} make up {sum(values[name][0] for name in group):g}, not {total:g}"
            for group, total in self.sums
            if abs(sum(values[name][0] for name in group) - total) > SAME * self[group[0]].spread
        ]
        return "; ".join(found[:NAMED])

    def nearest(self, x: Inputs) -> Inputs | None:
        return rounded(self, x) if self.discrete else None

    def pixels(self, x: Input) -> Pixels:
        parts = self._parts(x)
        chosen = [parts[k] for k in (self.shown_first or range(len(parts)))[:SHOWN]]
        shares = [(0.0, self._share(feature, part)) for feature, part in chosen]
        return bars([f.name for f, _ in chosen], shares, [f.shown(part) for f, part in chosen])

    def change(self, x: Input, base: Input) -> tuple[Pixels, str]:
        found = self.changes(x, base)
        before, after = dict(self._named(base)), dict(self._named(x))
        names = [feature.name for feature, _ in found[:SHOWN]]
        shares = [(self._share(self[n], before[n]), self._share(self[n], after[n])) for n in names]
        values = [self._moved(self[n], before[n], after[n]) for n in names]
        return bars(names, shares, values), f"{len(found)} of {len(self.features)} features"

    def reading(self, x: Input, base: Input | None = None) -> str:
        if base is None:
            chosen = [self._parts(x)[k] for k in (self.shown_first or range(len(self.features)))[:NAMED]]
            return ", ".join(f"{feature.name} {feature.shown(part)}" for feature, part in chosen)
        found = self.changes(x, base)
        before, after = dict(self._named(base)), dict(self._named(x))
        # A held feature differs where its ends do: the path leads from one value to the other.
        called = {f.name: f"{f.name} (held)" if f.held else f.name for f in self.features}
        some = [f"{called[f.name]} {f.shown(before[f.name])} → {f.shown(after[f.name])}" for f, _ in found[:NAMED]]
        more = f", and {len(found) - NAMED} more" if len(found) > NAMED else ""
        said = f"{len(found)} of {len(self.features)} features changed"
        return f"{said}: {', '.join(some)}{more}" if found else "no feature changed"

    def figure(self, walk: Walk) -> Figure:
        from isthmus.inputs.kinds.table.figure import table_figure

        return table_figure(self, walk)

    def write(self, x: Input, file: Path) -> Path:
        kept = self.nearest(x[None])
        x = x if kept is None else kept[0]  # a file holds no mix of categories
        file = file.with_suffix(".csv")
        with file.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(self.names)
            writer.writerows(zip(*self.frame(x[None]).values(), strict=True))
        return file

    def describe(self) -> dict[str, Any]:
        return {
            "kind": self.name,
            "features": [feature.describe() for feature in self.features],
            "sums": [[list(group), total] for group, total in self.sums],
            "label": self.label,
        }

    def numbers(self) -> dict[str, Any]:
        # Ranges, sums and held features say where paths may go, the label what a class is; none what a number means.
        return {"kind": self.name, "features": [feature.numbers() for feature in self.features]}

    @classmethod
    def of_description(cls, description: Mapping[str, Any]) -> Table:
        return cls(
            features=tuple(Feature.of_description(each) for each in description["features"]),
            sums=tuple((tuple(group), total) for group, total in description.get("sums", ())),
            label=description.get("label"),
        )

    @property
    def places(self) -> list[slice]:
        """Where the coordinates of each feature stand in a row."""
        ends = np.cumsum([feature.width for feature in self.features]).tolist()
        return [slice(end - feature.width, end) for feature, end in zip(self.features, ends, strict=True)]

    def _parts(self, x: Input) -> list[tuple[Feature, NDArray[np.float64]]]:
        values = x.detach().cpu().double().numpy()
        return [(feature, values[place]) for feature, place in zip(self.features, self.places, strict=True)]

    def _named(self, x: Input) -> list[tuple[str, NDArray[np.float64]]]:
        return [(feature.name, part) for feature, part in self._parts(x)]

    @staticmethod
    def _share(feature: Feature, part: NDArray[np.float64]) -> float:
        """Where a value lies between the bounds of its feature, from 0 to 1; without bounds within 3 spreads."""
        value = float(feature.value(part))
        low, high = (0.0, 1.0) if feature.categories else (feature.low, feature.high)
        if not np.isfinite(high - low) or high == low:
            low, high = feature.center - 3 * feature.spread, feature.center + 3 * feature.spread
        return float(np.clip((value - low) / (high - low), 0, 1))

    @staticmethod
    def _moved(feature: Feature, before: NDArray[np.float64], after: NDArray[np.float64]) -> str:
        if feature.categories:
            return f"{feature.shown(before)} to {feature.shown(after)}"
        return f"{float(feature.value(after) - feature.value(before)):+.3g} {feature.unit}".strip()
