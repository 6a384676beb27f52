"""Norms: metrics that are the same everywhere, so that straight segments are shortest and lengths are exact."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, final

import torch
from torch import Tensor

from isthmus._core.annotated import as_annotated
from isthmus._core.geometry import expand_to, lengths, share_along
from isthmus._core.shapes import Inputs, Losses
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.metrics.base import AbstractMetric, Extent
from isthmus.paths import AbstractPath, Polyline

BEND = 1e-4  # paths that bend are measured as polylines that lie so near to them, in lengths of the path
HALVINGS = 40  # of the interval in which the nearest point of a segment lies
GOLDEN = (5**0.5 - 1) / 2


class NormMetric(AbstractMetric):
    """The length of the difference: |x - y|, or |D(x - y)| with a weight D for every channel.

    Distances from a segment are convex along others, so that they are largest at vertices.
    """

    unit = "data units"

    @abstractmethod
    def norms(self, difference: Inputs) -> Losses:
        """Norms (n,) of differences (n, *input), in float64."""

    @abstractmethod
    def shares(self, x: Inputs, across: Inputs) -> Losses:
        """Where each segment s -> s * across, s in [0, 1], is nearest to x (n,)."""

    def weighted(self, landscape: AbstractLandscape, difference: Inputs) -> Inputs:
        """Differences (n, *input) in the metric's own units."""
        return difference.double()

    def distance(self, landscape: AbstractLandscape, x: Inputs, y: Inputs) -> Losses:
        return self.norms(self.weighted(landscape, x.double() - y.double()))

    def lengths(self, landscape: AbstractLandscape, paths: Sequence[AbstractPath]) -> Losses:
        vertices = [path.to_polyline(BEND).vertices for path in paths]
        found = [self.distance(landscape, each[1:], each[:-1]).sum().cpu() for each in vertices]
        return torch.stack(found) if found else torch.zeros(0, dtype=torch.float64)

    def extents(self, landscape: AbstractLandscape, paths: Sequence[AbstractPath]) -> list[Extent]:
        return [self._extent(landscape, path.to_polyline(BEND)) for path in paths]

    def _extent(self, landscape: AbstractLandscape, path: Polyline) -> Extent:
        x = path.vertices
        across = self.weighted(landscape, x[-1:].double() - x[:1].double())
        beside = self.weighted(landscape, x[1:-1].double() - x[:1].double())
        straight = across.expand_as(beside)
        shares = expand_to(self.shares(beside, straight), beside)
        apart = self.norms(beside - shares * straight)
        # A vertex on the segment leaves only the rounding of its own coordinates.
        noise = torch.finfo(x.dtype).eps * float(self.norms(self.weighted(landscape, x)).max())
        farthest = float(apart.max()) if len(apart) else 0.0
        return Extent(
            length=float(self.distance(landscape, x[1:], x[:-1]).sum()),
            direct_length=float(self.norms(across)),
            apart=0.0 if farthest <= noise else farthest,
        )

    def feet(self, landscape: AbstractLandscape, x: Inputs, left: Inputs, right: Inputs) -> Inputs:
        """The nearest point of the chord: on the way there the two lengths only fall, whichever the norm."""
        chord = right - left
        share = self.shares(self.weighted(landscape, x - left), self.weighted(landscape, chord))
        return left + expand_to(share.to(x), x) * chord


class _Euclidean(NormMetric):
    def norms(self, difference: Inputs) -> Losses:
        return lengths(difference)

    def shares(self, x: Inputs, across: Inputs) -> Losses:
        return share_along(x, across).clamp(0, 1)


@final
@dataclass(frozen=True)
class L2(_Euclidean):
    """Euclidean distance in data units: what `path.length` and `path.deviation` are about."""

    name: ClassVar[str] = "l2"


@final
@dataclass(frozen=True)
class LInf(NormMetric):
    """Largest change of a number, in data units: what bounds of attacks are about."""

    name: ClassVar[str] = "linf"

    def norms(self, difference: Inputs) -> Losses:
        return difference.flatten(1).abs().amax(1).double()

    def shares(self, x: Inputs, across: Inputs) -> Losses:
        """By golden sections of [0, 1], in which the distance is convex."""
        low, high = torch.zeros(len(x)).to(x), torch.ones(len(x)).to(x)
        for _ in range(HALVINGS):
            span = GOLDEN * (high - low)
            first, second = high - span, low + span
            falling = self._at(x, across, first) > self._at(x, across, second)
            low, high = torch.where(falling, first, low), torch.where(falling, high, second)
        return (low + high).double() / 2

    def _at(self, x: Inputs, across: Inputs, share: Tensor) -> Losses:
        return self.norms(x - expand_to(share, x) * across)


@final
@as_annotated
@dataclass(frozen=True)
class PerChannel(_Euclidean):
    """Euclidean distance after every channel was divided by its standard deviation: the paper's normalised space.

    Args:
        std: of each channel (axis 1 of a batch); by default the network's own.
    """

    name: ClassVar[str] = "per_channel"

    unit: ClassVar[str] = "standard deviations"  # type: ignore[misc]
    std: tuple[float, ...] | None = None

    def __post_init__(self) -> None:
        if self.std is not None and not all(value > 0 for value in self.std):
            raise InputError(f"std must be numbers above 0, one a channel, got {self.std}.")

    def check(self, landscape: AbstractLandscape) -> None:
        self._of(landscape)

    def _of(self, landscape: AbstractLandscape) -> Sequence[float]:
        """The standard deviations."""
        known = getattr(getattr(landscape, "network", None), "std", None) if self.std is None else self.std
        if known is None:
            raise InputError(
                "Distances per channel need the standard deviation of each channel, and this landscape has no network "
                "with std; give it: PerChannel(std=(0.229, 0.224, 0.225))."
            )
        given: Sequence[float] = torch.as_tensor(known).double().flatten().tolist()
        return given

    def weighted(self, landscape: AbstractLandscape, difference: Inputs) -> Inputs:
        wide, std = difference.double(), self._of(landscape)
        channels = wide.shape[1] if wide.ndim > 1 else 0
        if len(std) not in (1, channels):
            raise InputError(f"PerChannel has std of {len(std)} channels, the inputs have {channels}.")
        return wide / torch.tensor(std).to(wide).reshape(1, -1, *[1] * (wide.ndim - 2))
