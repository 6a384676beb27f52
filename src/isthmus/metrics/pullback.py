"""Pullbacks: distances of what a network makes of inputs. A path is as long as its image, a curve in another space."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import final

import torch

from isthmus._core.geometry import expand_to
from isthmus._core.shapes import Inputs, Logits, Losses, Targets
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape, Evaluation
from isthmus.landscapes.domains import Unbounded
from isthmus.metrics.base import AbstractMetric, Extent
from isthmus.metrics.traces import PARTS, Trace, divided, traces
from isthmus.paths import AbstractPath, Bundle, Polyline

QUICK = 32  # parts of a path whose images say which of two is the shorter
HELD = 2**26  # numbers of images that are held at once


class PullbackMetric(AbstractMetric):
    """The metric that a map of inputs into a Euclidean space, or onto a sphere in it, brings back to the inputs.

    The length of a path is that of its image: the straight way from x to y need not be the shortest. It is worked out
    from images of some 33 points, to one per cent or so; `Extent.missing` is an estimate of how far it may be wrong.
    """

    unit = "of the image"

    @property
    def curved(self) -> bool:
        return True

    @abstractmethod
    def image(self, landscape: AbstractLandscape, x: Inputs) -> Logits:
        """Images (n, d) of prepared inputs (n, *input), one batch, through which gradients flow."""

    def along(self, chord: Losses) -> Losses:
        """The distance of two images within the space that they lie in, from that along a straight line."""
        return chord

    @final
    def images(self, landscape: AbstractLandscape, x: Inputs) -> Logits:
        """Images (n, d) of inputs (n, *input), in as many batches as memory asks for; one forward-equivalent each."""
        seen = _Images(self, landscape)
        found = seen.logits_of(x)
        landscape.forward_equivalents += seen.forward_equivalents
        return found

    def distance(self, landscape: AbstractLandscape, x: Inputs, y: Inputs) -> Losses:
        parts = self._rows(landscape, x)
        return torch.cat(
            [self.between(*(self.images(landscape, side[part]) for side in (x, y))) for part in parts]
            or [torch.zeros(0, dtype=torch.float64)]
        )

    def between(self, one: Logits, other: Logits) -> Losses:
        """Distances (n,) of images (n, d), in float64."""
        return self.along((one.double() - other.double()).norm(dim=1))

    def lengths(self, landscape: AbstractLandscape, paths: Sequence[AbstractPath]) -> Losses:
        found: list[Losses] = []
        t = [divided(path, QUICK) for path in paths]
        counts = [len(each) for each in t]
        for group in self._groups(landscape, paths, counts):
            owner = torch.repeat_interleave(torch.arange(len(counts[group])), torch.tensor(counts[group]))
            image = self.images(landscape, Bundle.of(paths[group]).at(owner, torch.cat(t[group])))
            parts = torch.split(image, counts[group])
            found += [self.between(part[1:], part[:-1]).sum() for part in parts]
        return torch.stack(found).cpu() if found else torch.zeros(0, dtype=torch.float64)

    def extents(self, landscape: AbstractLandscape, paths: Sequence[AbstractPath]) -> list[Extent]:
        found: list[Extent] = []
        with landscape.fixed():
            straight = [Polyline(path.ends) for path in paths]
            t, direct = ([divided(path, PARTS, halved=2) for path in some] for some in (paths, straight))
            counts = [len(one) + len(other) for one, other in zip(t, direct, strict=True)]
            for group in self._groups(landscape, paths, counts):
                both, places = [*paths[group], *straight[group]], [*t[group], *direct[group]]
                seen = traces(lambda x: self.images(landscape, x), self.between, both, places)
                half = len(seen) // 2
                found += [self._extent(*each) for each in zip(paths[group], seen[:half], seen[half:], strict=True)]
        return found

    def _rows(self, landscape: AbstractLandscape, x: Inputs) -> list[slice]:
        """Inputs of which the images fit into memory together, some times over."""
        if not len(x):
            return []
        size = max(1, HELD // (4 * self.images(landscape, x[:1]).shape[1]))
        return [slice(first, first + size) for first in range(0, len(x), size)]

    def _groups(
        self, landscape: AbstractLandscape, paths: Sequence[AbstractPath], counts: Sequence[int]
    ) -> Iterator[slice]:
        """Paths of which the images, so many of each, fit into memory together."""
        if not paths:
            return
        limit, first, held = HELD // self.images(landscape, paths[0].ends[:1]).shape[1], 0, 0
        for number, count in enumerate(counts):
            if number > first and held + count > limit:
                yield slice(first, number)
                first, held = number, 0
            held += count
        yield slice(first, len(counts))

    def _extent(self, path: AbstractPath, found: Trace, direct: Trace) -> Extent:
        if path.length_ratio == 1.0:  # it is the straight one: what is left is where points happened to be looked at
            return Extent(length=direct.length, direct_length=direct.length, apart=0.0, missing=direct.missing)
        apart = self.along(found.apart_from(direct))
        return Extent(length=found.length, direct_length=direct.length, apart=float(apart.max()), missing=found.missing)

    def feet(self, landscape: AbstractLandscape, x: Inputs, left: Inputs, right: Inputs) -> Inputs:
        """A step down the gradient of the two distances, as long as would make the way straight if they were linear in
        x (Polyak's step; no way is shorter than the distance of left and right).
        """
        parts = [self._step(landscape, x[part], left[part], right[part]) for part in self._rows(landscape, x)]
        return torch.cat(parts) if parts else x

    def _step(self, landscape: AbstractLandscape, x: Inputs, left: Inputs, right: Inputs) -> Inputs:
        ends = [self.images(landscape, side) for side in (left, right)]
        way = _Images(self, landscape, ends)
        slope = way.gradient(x, torch.arange(len(x)), validated=True)
        landscape.forward_equivalents += way.forward_equivalents
        spare = slope.loss.double() - self.between(*ends)
        squared = slope.gradient.double().flatten(1).square().sum(1)
        step = torch.where(squared > 0, spare.clamp_min(0) / squared.clamp_min(torch.finfo(torch.float64).tiny), 0.0)
        return x - expand_to(step, x).to(x) * slope.gradient.to(x)


@final
class _Images(AbstractLandscape):
    """A metric's images of another landscape's inputs, in that one's batches; with two sets of images beside them, its
    loss is the way from one over an input to the other, and the target the number of the two.
    """

    def __init__(
        self, metric: PullbackMetric, landscape: AbstractLandscape, ends: Sequence[Logits] | None = None
    ) -> None:
        super().__init__(domain=Unbounded(), max_batch="auto")
        if landscape.batch_size is not None:
            self.start_with(landscape.batch_size)
        self._metric, self._landscape, self._ends = metric, landscape, ends
        self.classes = 1  # the targets are numbers of rows

    def forward(self, x: Inputs, target: Targets) -> Evaluation:
        image = self._metric.image(self._landscape, x)
        if image.ndim != 2 or len(image) != len(x):
            raise InputError(
                f"{type(self._metric).__name__}: image must be (n, d) for n inputs, got {tuple(image.shape)} for "
                f"{len(x)}."
            )
        if self._ends is None:
            return Evaluation(image.new_zeros(len(x)), image)
        loss = sum((self._metric.between(image, each[target]) for each in self._ends), start=torch.zeros(()).to(image))
        return Evaluation(loss, image)

    def fixed(self) -> AbstractContextManager[None]:
        return self._landscape.fixed()

    @property
    def device(self) -> torch.device:
        return self._landscape.device

    def prepare(self, x: Inputs) -> Inputs:
        return self._landscape.prepare(x)

    def try_out(self, x: Inputs) -> None:
        self._landscape.try_out(x)
