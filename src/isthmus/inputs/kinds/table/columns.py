"""Feature: a column of a table, and which coordinates of an input it stands for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus._core.annotated import as_annotated
from isthmus.errors import InputError

Column = NDArray[Any]


@as_annotated
@dataclass(frozen=True, kw_only=True)
class Feature:
    """A column of a table.

    A number takes one coordinate, (value - center) / spread; of k categories each takes one, 1 for the category that a
    row has and 0 for the others.

    Attributes:
        name: of the column.
        unit: of its values, such as "mm".
        low, high: where values may lie, in their unit.
        center, spread: what makes a coordinate of a value; spread is one unit of distance between rows.
        whole: whether values are whole numbers.
        categories: its values, where they are words.
        held: whether no path may change it.
    """

    name: str
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    center: float = 0.0
    spread: float = 1.0
    whole: bool = False
    categories: tuple[str, ...] = ()
    held: bool = False

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise InputError(f"Feature {self.name}: low must not be above high, got {self.low} and {self.high}.")
        if not (self.spread > 0 and math.isfinite(self.spread) and math.isfinite(self.center)):
            raise InputError(f"Feature {self.name}: center and spread must be finite and spread > 0.")
        if len(set(self.categories)) != len(self.categories) or len(self.categories) == 1:
            raise InputError(f"Feature {self.name}: categories must be at least two different words.")

    @property
    def width(self) -> int:
        """Coordinates that it takes."""
        return len(self.categories) or 1

    def encoded(self, values: Column) -> NDArray[np.float64]:
        """Coordinates (n, width) of its values (n,).

        Raises:
            InputError: a value that is missing, no number, or none of the categories: the first row is named.
        """
        if self.categories:
            words = [_word(value) for value in values.tolist()]
            places = {word: number for number, word in enumerate(self.categories)}
            for row, word in enumerate(words):
                if word not in places:
                    known = ", ".join(self.categories[:6])
                    what = "is missing" if word is None else f"is '{word}'"
                    raise InputError(f"Column {self.name} {what} in row {row}; its categories are {known}.")
            found = np.zeros((len(words), self.width))
            found[np.arange(len(words)), [places[word] for word in words if word is not None]] = 1
            return found
        if values.dtype.kind not in "biufO":
            raise InputError(f"Column {self.name} must hold numbers, got {values.dtype}; make numbers of them first.")
        try:
            # What pandas and Arrow call missing is no number to NumPy.
            given = values if values.dtype.kind != "O" else [np.nan if missing(each) else each for each in values]
            numbers = np.asarray(given, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InputError(f"Column {self.name} must hold numbers, got {values.dtype}: {error}.") from error
        bad = ~np.isfinite(numbers)
        if bad.any():
            raise InputError(
                f"Column {self.name} is missing or not finite in {int(bad.sum())} of {len(numbers)} rows (first: row "
                f"{int(bad.argmax())}); fill them in, or leave these rows out."
            )
        return ((numbers - self.center) / self.spread)[:, None]

    def shown(self, coordinates: NDArray[np.float64]) -> str:
        """A value in words, from its coordinates (width,): a mix of categories with its shares."""
        if self.categories:
            order = np.argsort(-coordinates, kind="stable")
            first: str = self.categories[int(order[0])]
            if coordinates[order[0]] >= 0.995:
                return first
            return " + ".join(f"{100 * coordinates[k]:.0f} % {self.categories[k]}" for k in order[:2])
        (value,) = self.values(coordinates[None])
        digits = f"{value:.4g}" if isinstance(value, float) and abs(value) < 1e4 else f"{value:.10g}"
        if isinstance(value, float) and 1e4 <= abs(value) < 1e15:
            digits = f"{value:.1f}".removesuffix(".0")
        return f"{digits} {self.unit}".strip()

    def values(self, coordinates: NDArray[np.float64]) -> list[Any]:
        """Values of coordinates (n, width) as a file has them: numbers in their unit, whole ones where they are whole
        up to the rounding of float32, and the likeliest category.
        """
        if self.categories:
            return [self.categories[k] for k in coordinates.argmax(-1)]
        values = self.value(coordinates)
        if not self.whole:
            return [float(value) for value in values]
        fine = np.maximum(1e-4, 4e-7 * (abs(self.center) + np.abs(self.spread * coordinates[..., 0])))
        near = np.round(values)
        return [
            int(round_) if abs(value - round_) < min(slack, 0.4) else float(value)
            for value, round_, slack in zip(values, near, fine, strict=True)
        ]

    def value(self, coordinates: NDArray[np.float64]) -> NDArray[np.float64]:
        """The values (...,) of coordinates (..., width), in the unit; of categories the share of the most likely."""
        if self.categories:
            return np.asarray(coordinates.max(-1))
        return np.asarray(self.center + self.spread * coordinates[..., 0])

    def describe(self) -> dict[str, Any]:
        """As a dict ready for JSON, which knows no infinity."""
        found = asdict(self) | {"categories": list(self.categories)}
        return {key: None if value in (math.inf, -math.inf) else value for key, value in found.items()}

    def numbers(self) -> dict[str, Any]:
        """What its coordinates mean: a center and a spread in a unit, or categories in an order."""
        scale = (
            {"categories": list(self.categories)}
            if self.categories
            else {"unit": self.unit, "center": self.center, "spread": self.spread}
        )
        return {"name": self.name, **scale}

    @staticmethod
    def of_description(description: Mapping[str, Any]) -> Feature:
        """The feature that `describe` described."""
        given = {key: value for key, value in description.items() if value is not None}
        return Feature(**given | {"categories": tuple(given.get("categories", ()))})


def columns_of(rows: object, names: Sequence[str] | None = None) -> dict[str, Column]:
    """Named columns of a frame (pandas, Arrow, Polars), a mapping, a `Bunch` of scikit-learn, or an array with names.

    Raises:
        InputError: it is none of these, or ragged.
    """
    frame: Any = rows
    data = getattr(frame, "data", None) if hasattr(frame, "feature_names") else None
    if data is not None:
        return columns_of(data, [str(name) for name in frame.feature_names])
    every: list[tuple[Any, Any]] | None = None
    if hasattr(frame, "column_names") and hasattr(frame, "to_pydict"):  # Arrow
        every = [(name, frame[name].to_numpy(zero_copy_only=False)) for name in frame.column_names]
    elif hasattr(frame, "columns") and hasattr(frame, "to_dict"):
        every = [(name, _as_objects(frame[name])) for name in frame.columns]
    elif isinstance(frame, Mapping):
        every = list(frame.items())
    if every is not None:
        found = {str(name): np.asarray(values) for name, values in every}
        if len(found) < len(every):
            raise InputError(f"Two columns have one name: {', '.join(str(name) for name, _ in every)[:200]}.")
    else:
        array = np.asarray(frame)
        if array.ndim != 2 or array.dtype.kind not in "biuf":
            raise InputError(
                f"Rows must be a frame, a mapping of columns, or an array (n, features), got {type(rows).__name__}."
            )
        given = names if names is not None else [f"feature {k}" for k in range(array.shape[1])]
        if len(given) != array.shape[1]:
            raise InputError(f"The rows have {array.shape[1]} columns, and {len(given)} names were given.")
        found = {name: array[:, k] for k, name in enumerate(given)}
    lengths = {name: len(values) for name, values in found.items() if values.ndim == 1}
    if len(lengths) < len(found) or len(set(lengths.values())) > 1:
        raise InputError(f"The columns must be as long as one another, got {dict(list(lengths.items())[:4])}.")
    return found


def _as_objects(column: Any) -> Any:
    """A column of a frame; what is marked as categories becomes words, also where they are numbers."""
    kind = str(getattr(column, "dtype", ""))
    if kind != "category" and not kind.startswith(("Categorical", "Enum")):
        return column
    return np.array([None if missing(value) else str(value) for value in column], dtype=object)


def missing(value: Any) -> bool:
    """Whether a value is one of the many that say that there is none: None, NaN, and those of pandas."""
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return True
    return isinstance(value, float) and math.isnan(value)


def _word(value: Any) -> str | None:
    return None if missing(value) else str(value)
