"""Edges: what is known of the straight segments, and of the paths found, between inputs."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False, kw_only=True)
class Edges:
    """Pairs of inputs whose segment was looked at; every field has one entry a pair (e,).

    Attributes:
        i, j: numbers of the two inputs, i < j.
        direct: max loss of the segment between them.
        peak_t: where on the segment that is, from 0 at i to 1 at j.
        peak_class: class predicted there.
        in_class: whether the target is predicted all along the segment.
        found: max loss of a path found around the peak; NaN where none was looked for.
        found_t: where on that path that is.
        drawn: whether the pair was drawn at random: only such pairs tell of the others.
        cost: forward-equivalents that were spent on it.
    """

    i: Numbers
    j: Numbers
    direct: Floats
    peak_t: Floats
    peak_class: Numbers
    in_class: Flags
    found: Floats
    found_t: Floats
    drawn: Flags
    cost: Numbers

    def __len__(self) -> int:
        return len(self.i)

    @property
    def max_loss(self) -> Floats:
        """Max loss of the better of the segment and the path found: what the edge carries."""
        return np.fmin(self.direct, self.found)

    def take(self, rows: Numbers | Flags) -> Edges:
        """Some of them."""
        return Edges(**{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    @staticmethod
    def none() -> Edges:
        """No edges."""
        return Edges(**{name: np.zeros(0, kind) for name, kind in TYPES.items()})

    @staticmethod
    def join(parts: list[Edges]) -> Edges:
        """Edges end to end."""
        parts = parts or [Edges.none()]
        made: dict[str, Any] = {name: np.concatenate([getattr(part, name) for part in parts]) for name in TYPES}
        return Edges(**made)


TYPES: dict[str, Any] = {
    "i": np.int64,
    "j": np.int64,
    "direct": np.float64,
    "peak_t": np.float64,
    "peak_class": np.int64,
    "in_class": np.bool_,
    "found": np.float64,
    "found_t": np.float64,
    "drawn": np.bool_,
    "cost": np.int64,
}


def key_of(i: Numbers, j: Numbers, n: int) -> Numbers:
    """One number for each pair of inputs below n, whichever of the two comes first."""
    return np.minimum(i, j) * n + np.maximum(i, j)
