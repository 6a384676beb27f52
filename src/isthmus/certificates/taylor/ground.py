"""Ground: what a search goes over: pieces on which the inputs are polynomials, of one variable or of two."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from isthmus._core.shapes import Inputs
from isthmus.certificates.taylor.boxes import Boxes
from isthmus.certificates.taylor.enclosure import Enclosure


class Ground(ABC):
    """A path or a surface, in pieces whose places are in [0, 1]^d.

    Attributes:
        variables: d.
        orders: of polynomials that are tried, and the one that is tried first: more variables mean more coefficients.
    """

    variables: ClassVar[int]
    orders: ClassVar[tuple[int, ...]]
    first_order: ClassVar[int]

    @abstractmethod
    def __len__(self) -> int:
        """How many pieces there are."""

    @abstractmethod
    def inputs(self, boxes: Boxes, order: int) -> Enclosure:
        """The inputs on some boxes as polynomials of that degree, on [-1, 1]^d (count, n, *input)."""

    @abstractmethod
    def middles(self, boxes: Boxes) -> Inputs:
        """The inputs in the middle of some boxes (n, *input), in float64."""
