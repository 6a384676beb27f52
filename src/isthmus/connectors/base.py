"""What a connector is: it is shown segments that are too high, and proposes the vertices that go between their ends.

The loop in `connecting.py` owns everything else: which segments are shown, when a pair leaves the batch, what a round
costs and whether the new path is good, which only a profile may say.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

import torch

from isthmus._shapes import Index, Inputs, Losses, Mask, SegmentVertices, Targets
from isthmus.landscape import AbstractLandscape
from isthmus.profiles import Sampling


@dataclass(frozen=True, eq=False)
class Batch:
    """Tensors that share their leading axis: one row a segment. Base of `Segments` and of every connector's state."""


B = TypeVar("B", bound=Batch)


def take(batch: B, rows: Index | Mask) -> B:
    """The given rows of every tensor in a batch."""
    return type(batch)(**{field.name: getattr(batch, field.name)[rows] for field in fields(batch)})


def join(batches: Sequence[B]) -> B:
    """Batches end to end."""
    kind = type(batches[0])
    return kind(**{field.name: torch.cat([getattr(batch, field.name) for batch in batches]) for field in fields(kind)})


@dataclass(frozen=True, eq=False)
class Segments(Batch):
    """Segments (n of them) whose peak is above the threshold.

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


class Connector(ABC):
    """A method that connects. Subclasses are frozen dataclasses whose fields are keyword-only settings.

    The loop calls `init` once for the segments of a round, `step` and `terminate` in turn for those that are not done,
    and `vertices` for those that are. Every row must be treated on its own: results may not depend on which other
    segments share the batch.
    """

    @property
    @abstractmethod
    def max_rounds(self) -> int:
        """How often the segments that are still too high may be shown: 0 never moves the direct path."""

    @property
    def unconditional(self) -> bool:
        """Whether every pair is worked on and the last path is returned, even where the direct path is connected."""
        return False

    @property
    def sampling(self) -> Sampling | None:
        """How the method's paths are looked at where the caller does not say; None for the default."""
        return None

    @abstractmethod
    def init(self, landscape: AbstractLandscape, segments: Segments, generator: torch.Generator) -> Batch:
        """The state before the first step: a frozen dataclass of tensors with one row a segment."""

    @abstractmethod
    def step(self, landscape: AbstractLandscape, segments: Segments, state: Batch) -> Batch:
        """The state after one more step."""

    @abstractmethod
    def terminate(self, segments: Segments, state: Batch) -> Mask:
        """Which segments (n,) are done, whether solved or given up."""

    @abstractmethod
    def vertices(self, segments: Segments, state: Batch) -> SegmentVertices:
        """The new vertices (n, v, *input) between start and end, in order, inside the landscape's domain."""
