"""What a certificate is, and what a certifier does: it looks at a whole path and says what it has shown."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple, final

from jaxtyping import Float
from torch import Tensor

from isthmus._core.displayed import Displayed
from isthmus._core.progress import OnProgress
from isthmus._core.shapes import Input, Losses, Parameters
from isthmus._core.text import amount
from isthmus.landscapes import AbstractLandscape
from isthmus.paths import AbstractPath
from isthmus.profiles import Profile


@final
@dataclass(frozen=True, eq=False)
class Band:
    """What the loss of a path is at least and at most, interval by interval: proof that it leads through the band.

    Where a lower bound is above the threshold, this path is not connected, whatever samples say.

    Attributes:
        begin, end: of the intervals (m,), in the order of t, without gaps.
        lower, upper: no loss on an interval is lower or higher (m,); infinite where nothing was shown.
    """

    begin: Parameters
    end: Parameters
    lower: Losses
    upper: Losses


@final
@dataclass(frozen=True, eq=False)
class Cells:
    """What the loss of a surface is at least and at most, cell by cell.

    Attributes:
        low, high: corners of the cells in (u, v), each (m, 2); together they cover the square.
        lower, upper: no loss on a cell is lower or higher (m,); infinite where nothing was shown.
    """

    low: Float[Tensor, "m 2"]
    high: Float[Tensor, "m 2"]
    lower: Losses
    upper: Losses


@final
@dataclass(frozen=True, kw_only=True)
class Certificate(Displayed):
    """What was shown of a whole path, or of a surface.

    Attributes:
        kind: of certificate, such as `pieces`.
        bound: no point of it has a higher loss, as far as `subject_to` allows.
        threshold: the loss that it was to stay at or below.
        parts: in how many parts it was looked at: affine pieces, intervals, cells, samples.
        subject_to: what the bound rests on, in words.
        covers: share of the path's length, or of the surface, that the bound is about: 1 where it is about every point.
        band: lower and upper bounds along the path, where there are such.
        cells: the same of a surface.
    """

    kind: str
    bound: float
    threshold: float
    parts: int
    subject_to: str
    covers: float = 1.0
    band: Band | None = field(default=None, compare=False, repr=False)
    cells: Cells | None = field(default=None, compare=False, repr=False)

    @property
    def holds(self) -> bool:
        """Whether what it is about, all of it or a share, was shown to stay at or below the threshold."""
        return self.bound <= self.threshold

    @property
    def whole(self) -> bool:
        """Whether it holds, and for every point."""
        return self.holds and self.covers == 1

    @property
    def claim(self) -> str:
        """What was shown, in words."""
        bound = "nothing" if self.bound == float("inf") else f"no loss above {self.bound:.4g}"
        # Rounded down: a share of nearly all is not all of it.
        share = "" if self.covers == 1 else f" on {math.floor(self.covers * 1e4 + 1e-9) / 1e4:.2%} of it"
        return bound + share

    def __str__(self) -> str:
        verb = "" if self.holds else "could only show: "
        return f"{self.kind}: {verb}{self.claim}, in {amount(self.parts, 'part')}; {self.subject_to}"


class Shown(NamedTuple):
    """A certificate, and the profile with which the work goes on.

    Where the certificate does not hold because a point is too high, that point is in the profile; where there is none,
    nothing was decided.
    """

    certificate: Certificate
    profile: Profile


class Certifier(ABC):
    """A way to show something of whole paths. Subclasses are frozen dataclasses whose fields are keyword-only settings.

    Attributes:
        kind: what its certificates are called.
    """

    kind: ClassVar[str]

    @abstractmethod
    def check(self, landscape: AbstractLandscape, x: Input) -> None:
        """Finds out, at the price of a few evaluations, whether paths of this landscape can be looked at.

        Args:
            landscape: the landscape.
            x: one of its inputs (*input), in data units.

        Raises:
            NetworkError: they cannot; it says why.
        """

    @abstractmethod
    def certify(
        self,
        landscape: AbstractLandscape,
        path: AbstractPath,
        profile: Profile,
        threshold: float,
        *,
        on_progress: OnProgress | None = None,
    ) -> Shown:
        """Looks at a whole path that is low as far as samples go.

        Args:
            landscape: the landscape, held fixed.
            path: the path.
            profile: what samples said of it; its `target` is the class that the loss is about.
            threshold: the loss that the path is to stay at or below.
            on_progress: called on the way.

        Raises:
            NetworkError: nothing can be shown of this path; it says why.
        """
