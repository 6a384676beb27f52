"""Fitting: the features of a table, from its columns."""

from __future__ import annotations

import math
import numbers
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus.errors import InputError
from isthmus.inputs.kinds.table.columns import Column, Feature, missing


def features_of(
    columns: Mapping[str, Column],
    units: Mapping[str, str],
    ranges: Mapping[str, tuple[float, float]],
    held: Sequence[str],
    sums: Sequence[tuple[Sequence[str], float]],
    *,
    standardised: bool,
) -> tuple[Feature, ...]:
    """A feature for every column; see `Table.of`.

    Raises:
        InputError: names that are not there, ranges that are none, or columns that cannot be a feature.
    """
    for given in (units, ranges, dict.fromkeys(held), dict.fromkeys(n for g, _ in sums for n in g)):
        for name in given:
            if name not in columns:
                raise InputError(f"There is no feature '{name}'; there are {', '.join(list(columns)[:8])}.")
    for name, ends in ranges.items():
        if not isinstance(ends, Sequence) or len(ends) != 2:
            raise InputError(f"The range of '{name}' must be two numbers, lowest and highest, got {ends!r}.")
    made = [
        _feature(name, values, units.get(name, ""), ranges.get(name), name in held, standardised)
        for name, values in columns.items()
    ]
    for group, _ in sums:  # members of a sum have one spread, so that what one loses another gains
        spread = float(np.mean([each.spread for each in made if each.name in group]))
        made = [replace(each, spread=spread) if each.name in group else each for each in made]
    return tuple(made)


def _feature(
    name: str, values: Column, unit: str, given: tuple[float, float] | None, held: bool, standardised: bool
) -> Feature:
    if not len(values):
        raise InputError(f"Column {name} has no rows.")
    if values.dtype.kind in "OUST":
        found = _numbers(name, values)
        if found is None:
            return _words(name, values, held)
        values = found
    whole = values.dtype.kind in "biu"
    coordinates = Feature(name=name).encoded(values)[:, 0]  # refuses what is missing
    low, high = (float(coordinates.min()), float(coordinates.max())) if given is None else given
    if whole and math.floor(high) < math.ceil(low):
        raise InputError(f"Between {low:g} and {high:g} lies no whole number, and column {name} holds these.")
    spread = float(coordinates.std()) if standardised else 1.0
    center = float(coordinates.mean()) if standardised else 0.0
    # A column that never changes has no spread: distances count in its unit.
    return Feature(
        name=name, unit=unit, low=low, high=high, center=center, spread=spread or 1.0, whole=whole, held=held
    )


def _words(name: str, values: Column, held: bool) -> Feature:
    categories = tuple(sorted({str(word) for word in values.tolist()}))
    if len(categories) < 2:
        raise InputError(f"Column {name} says '{categories[0]}' in every row; leave it out.")
    return Feature(name=name, categories=categories, held=held)


def _numbers(name: str, values: Column) -> NDArray[Any] | None:
    """Objects as numbers, if all are: whole ones where all are whole."""
    found = [value for value in values.tolist() if not missing(value)]
    if len(found) < len(values):
        raise InputError(f"Column {name} is missing in {len(values) - len(found)} of {len(values)} rows.")
    if not all(isinstance(each, numbers.Real | Decimal) and not isinstance(each, bool) for each in found):
        return None
    whole = all(isinstance(each, numbers.Integral) for each in found)
    return np.array([int(each) if whole else float(each) for each in found])
