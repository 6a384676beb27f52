"""What a connector is: it is shown paths, or segments of them, that are too high, and proposes better ones.

The loop in `connecting.loop` owns everything else: what is shown, when a pair leaves the batch, what a round costs and
whether the new path is good, which only a profile may say.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeAlias, TypeVar

import torch

from isthmus._core.shapes import Index, Inputs, Losses, Mask, SegmentVertices, Targets
from isthmus.descents import Batch, join, take
from isthmus.landscapes import AbstractLandscape, Evaluation
from isthmus.paths import AbstractPath
from isthmus.profiles import Sampling

__all__ = ["AbstractConnector", "AnyConnector", "Batch", "Connector", "PathConnector", "Segments", "join", "take"]

S = TypeVar("S", bound=Batch)


@dataclass(frozen=True, eq=False)
class Segments(Batch):
    """Segments (n of them), or whole paths, whose peak is above the threshold.

    Attributes:
        start, end: the ends, which stay (n, *input).
        peak: the point of highest loss between them, inside the domain (n, *input).
        peak_loss: the loss there (n,).
        target: class of each (n,).
        threshold: the loss that the path may reach (n,).
    """

    start: Inputs
    end: Inputs
    peak: Inputs
    peak_loss: Losses
    target: Targets
    threshold: Losses

    def __len__(self) -> int:
        return len(self.target)

    @property
    def direction(self) -> Inputs:
        """End - start (n, *input)."""
        return self.end - self.start


class AbstractConnector(ABC, Generic[S]):
    """A method that connects. Subclasses are frozen dataclasses whose fields are keyword-only settings.

    Each derives from one of the two below: a `Connector` moves segments of polylines aside, a `PathConnector` owns the
    whole path. S is its state: a frozen dataclass of tensors with one row a segment, or a path.

    The loop calls `init` once for what is shown in a round, `step` and `terminate` in turn for what is not done, and
    asks for the result of what is. Every row must be treated on its own, whatever else is in the batch.
    """

    @property
    @abstractmethod
    def max_rounds(self) -> int:
        """How often what is still too high may be shown: 0 never moves the direct path."""

    @property
    def unconditional(self) -> bool:
        """Whether every pair is worked on and the last path is returned, even where the direct path is connected."""
        return False

    @property
    def sampling(self) -> Sampling | None:
        """How the method's paths are looked at where the caller does not say; None for the default."""
        return None

    @abstractmethod
    def init(self, landscape: AbstractLandscape, segments: Segments, generator: torch.Generator) -> S:
        """The state before the first step."""

    @abstractmethod
    def step(self, landscape: AbstractLandscape, segments: Segments, state: S) -> S:
        """The state after one more step."""

    def spent(self, state: S) -> Index | None:
        """Forward-equivalents that each row (n,) has cost so far; None where all rows cost the same."""
        return None

    @abstractmethod
    def terminate(self, segments: Segments, state: S) -> Mask:
        """Which rows (n,) are done, whether solved or given up."""


class Connector(AbstractConnector[S]):
    """A method that leads segments of a polyline around what is too high on them. It is shown each such segment."""

    @abstractmethod
    def vertices(self, segments: Segments, state: S) -> SegmentVertices:
        """The new vertices (n, v, *input) between start and end, in order, inside the landscape's domain."""

    def looked_at(self, segments: Segments, state: S) -> Evaluation | None:
        """Loss (n, v) and logits (n, v, classes) of just these vertices, where the method has evaluated them; NaN where
        it has not. They are not evaluated again.
        """
        return None


class PathConnector(AbstractConnector[S]):
    """A method that owns the whole path of a pair. It is shown pairs whose path is too high, as one row each."""

    @abstractmethod
    def paths(self, segments: Segments, state: S) -> Sequence[AbstractPath]:
        """A path from start to end for each row, inside the landscape's domain, with those ends bit for bit."""


AnyConnector: TypeAlias = Connector[Any] | PathConnector[Any]
