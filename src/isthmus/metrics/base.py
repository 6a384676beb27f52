"""What a metric is: it says how long paths are, how far they lie from the straight one, and where they are pulled."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from isthmus._core.shapes import Inputs, Losses
from isthmus.landscapes import AbstractLandscape
from isthmus.paths import AbstractPath
from isthmus.paths.base import ratio


@final
@dataclass(frozen=True, kw_only=True)
class Extent:
    """How far a path reaches in a metric.

    Attributes:
        length: of the path, in the metric's unit.
        direct_length: of the straight segment between its ends: where a metric bends space, others may be shorter.
        apart: largest distance of the path from that segment.
        missing: the part of the length that was worked out and not seen, where it comes from points: an estimate of how
            far it may be wrong, and no bound; 0 where it is exact.
    """

    length: float
    direct_length: float
    apart: float
    missing: float = 0.0

    @property
    def length_ratio(self) -> float:
        """Length / length of the straight segment; below 1 where the path is the shorter of the two."""
        return ratio(self.length, self.direct_length, 1.0)

    @property
    def deviation(self) -> float:
        """Largest distance of the path from the straight segment / length of that segment."""
        return ratio(self.apart, self.direct_length, 0.0)


class AbstractMetric(ABC):
    """A distance between inputs of a landscape.

    Attributes:
        unit: of its lengths, in words.
    """

    unit: str

    @property
    @abstractmethod
    def name(self) -> str:
        """What columns are called after it: letters, digits and underscores."""

    @property
    def curved(self) -> bool:
        """Whether other paths than straight ones may be shorter."""
        return False

    def check(self, landscape: AbstractLandscape) -> None:  # noqa: B027 (most need nothing of a landscape)
        """Whether inputs of this landscape have such distances.

        Raises:
            InputError: they have not; it says what is missing.
        """

    @abstractmethod
    def distance(self, landscape: AbstractLandscape, x: Inputs, y: Inputs) -> Losses:
        """Distances (n,) of x[i] and y[i] (n, *input), both in data units: no path between them is shorter."""

    @abstractmethod
    def lengths(self, landscape: AbstractLandscape, paths: Sequence[AbstractPath]) -> Losses:
        """Lengths (n,) of paths, quickly: good enough to say which of two that are alike is the shorter."""

    @abstractmethod
    def extents(self, landscape: AbstractLandscape, paths: Sequence[AbstractPath]) -> list[Extent]:
        """How far each path reaches, well."""

    @abstractmethod
    def feet(self, landscape: AbstractLandscape, x: Inputs, left: Inputs, right: Inputs) -> Inputs:
        """Where each x[i] is to be pulled, so that the way from left[i] over it to right[i] becomes shorter."""
