"""Adaptive sampling: a coarse scan, then cuts of every interval in which the highest loss may still hide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from isthmus._core.annotated import as_annotated
from isthmus._core.shapes import AnyTargets, Losses, SomeVertices, Targets
from isthmus._core.warned import warn
from isthmus.errors import DomainWarning, InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.landscapes.arguments import targets_of
from isthmus.landscapes.validation import check_target_range
from isthmus.paths import AbstractPath, Bundle, Polyline
from isthmus.profiles.points import Points, Seen, rank_within
from isthmus.profiles.profile import Profile

Array = NDArray[np.float64]


BENDS, SETTLED = 0.5, 0.25  # how far a peak may rise between points that bend: a kink at worst, a curve once it was cut


@as_annotated
@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How densely a profile looks.

    Losses are compared on the landscape's even scale, as log-odds are of the cross-entropy, where a peak announces
    itself from far away; by themselves where the landscape knows none.

    Attributes:
        intervals: intervals of the coarse scan along the whole path, shared out by length; None is 8 on an even scale,
            else 20.
        per_segment: at least so many intervals on every segment; None is 3 on an even scale, else 4.
        rise: an interval is cut as long as the bends of the curve beside it leave room for a maximum higher than the
            highest loss seen by more than this, in the loss's unit.
        share: or by more than this share of the highest loss, whichever is more.
        resolution: no interval below this length (in t) is cut.
    """

    intervals: int | None = None
    per_segment: int | None = None
    rise: float = 0.005
    share: float = 0.01
    resolution: float = 1 / 1024

    def __post_init__(self) -> None:
        counts = [count for count in (self.intervals, self.per_segment) if count is not None]
        if any(count < 1 for count in counts):
            raise InputError(f"Sampling needs at least one interval, got {self.intervals} and {self.per_segment}.")
        if not 0 < self.resolution <= 1 or not self.rise >= 0 or not self.share >= 0:
            raise InputError(
                f"Sampling needs 0 < resolution <= 1, rise >= 0 and share >= 0, got {self.resolution}, {self.rise} and "
                f"{self.share}."
            )

    def counts(self, even: bool) -> tuple[int, int]:
        """Intervals of the whole path, and of a segment at least, where losses are on an even scale or are not."""
        return self.intervals or (8 if even else 20), self.per_segment or (3 if even else 4)

    @staticmethod
    def even(points: int) -> Sampling:
        """A plain scan at about so many points, evenly spaced along each segment, without refinement."""
        return Sampling(intervals=points - 1, per_segment=1, resolution=1.0)


@as_annotated
def profile(
    landscape: AbstractLandscape, path: AbstractPath, target: AnyTargets, *, sampling: Sampling | None = None
) -> Profile:
    """The loss along a path, refined around its peaks. Every point evaluated is in the result.

    Args:
        landscape: the landscape.
        path: the path; it may leave the domain, with a warning.
        target: the class that the loss is about, by number or name; "predicted" is what the network sees in both ends.
        sampling: how densely to look.

    Raises:
        InputError: target out of range, or a path that is not finite.
    """
    if not path.finite:
        raise InputError("profile needs a finite path, got NaN or infinity.")
    targets = targets_of(landscape, target, 1, list(path.ends[:, None]))
    outside = float(landscape.domain.excess(path.to_polyline().vertices).max())
    if outside > 1e-6:
        warn(
            f"The path leaves the landscape's domain by up to {outside:.3g} in data units.",
            DomainWarning,
        )
    (found,) = profile_many(landscape, [path.in_float()], targets, sampling=sampling)
    return replace(found, class_names=landscape.class_names)


def profile_many(
    landscape: AbstractLandscape,
    paths: Sequence[AbstractPath | SomeVertices] | Bundle,
    targets: Targets,
    *,
    sampling: Sampling | None = None,
    seen: Sequence[Seen] | None = None,
    ceiling: Losses | None = None,
    roughly: float | None = None,
) -> list[Profile]:
    """Profiles of many paths, or of polylines given by their vertices, for targets (n,), in one batch; unchecked.

    Args:
        landscape: the landscape.
        paths: the paths, one by one or side by side already.
        targets: the class that the loss of each is about (n,).
        sampling: how densely to look.
        seen: points of each path that need no second look. A segment with such points inside gets no coarse scan.
        ceiling: the loss that decides of each path (n,): where none was seen above it, no interval is left in which one
            may be, whatever `rise` and `share` say.
        roughly: the share that is asked for instead where a path was seen above its ceiling already.
    """
    sampling = sampling or Sampling()
    if landscape.classes is not None:
        check_target_range(targets, landscape.classes)
    if not isinstance(paths, Bundle):
        paths = Bundle.of([Polyline(path) if isinstance(path, Tensor) else path for path in paths])
    points = Points(landscape, paths, targets)
    even = landscape.on_even_scale(torch.ones(1)) is not None
    with landscape.fixed():
        points.take(seen or [])
        points.add(*_coarse(points, sampling, even))
        points.settle()
        while True:
            path, t = _cuts(
                points, points.high(sampling.rise, sampling.share, ceiling, roughly), sampling.resolution, even
            )
            if not len(path):
                return points.profiles()
            points.add(path, t)


def _coarse(points: Points, sampling: Sampling, even: bool) -> tuple[NDArray[np.int64], Array]:
    """Evenly spaced points of every segment, its ends among them, but for what was seen."""
    bundle = points.bundle
    intervals, per_segment = sampling.counts(even)
    t, owner = bundle.corners.numpy(), bundle.owner.numpy()
    inside = owner[1:] == owner[:-1]
    left, width, path = t[:-1][inside], np.diff(t)[inside], owner[:-1][inside]
    count = np.maximum(per_segment, np.ceil(width * intervals - 1e-9)).astype(np.int64)
    count[points.seen_between(path, left, t[1:][inside])] = 1
    segment = np.repeat(np.arange(len(count)), count)
    position = left[segment] + width[segment] * rank_within(segment, len(count)) / count[segment]
    path = np.concatenate([path[segment], np.arange(len(bundle))])
    position = np.concatenate([position, np.ones(len(bundle))])
    new = ~points.has(path, position)
    path, position = path[new], position[new]
    order = np.lexsort((position, path))
    return path[order], position[order]


def _cuts(points: Points, high: Array, resolution: float, even: bool) -> tuple[NDArray[np.int64], Array]:
    """Where to cut the intervals in which the highest loss may still hide.

    How high the loss may rise inside an interval is read off how far the curve bends at its ends: by half of width
    times bend at a symmetric kink, by an eighth of it on a parabola. Of a parabola the cut is where its top would be.
    """
    t, value = points.t, points.value
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        width = np.diff(t, axis=1)
        slope = np.nan_to_num(np.diff(value, axis=1) / width, nan=0.0, posinf=0.0, neginf=0.0)
        real = np.isfinite(t[:, 1:])
        bend = np.where(real[:, 1:], np.maximum(slope[:, :-1] - slope[:, 1:], 0.0), 0.0)
        edge = np.zeros((len(t), 1))
        left, right = np.concatenate([edge, bend], 1), np.concatenate([bend, edge], 1)
        fine = points.fine[:, :-1] | points.fine[:, 1:]
        # Nothing shows how the curve leaves an end: as far as the coarse scan goes, it may first rise before it falls.
        rows, last = np.arange(len(t)), real.sum(1) - 1
        for here, at, fall in ((left, 0, -slope[:, 0]), (right, last, slope[rows, last])):
            here[rows, at] = np.where(fine[rows, at], 0.0, np.maximum(fall, 0.0) / 2)
        reach = np.where(fine, SETTLED, BENDS)
        hope = np.maximum(value[:, :-1], value[:, 1:]) + reach * width * np.maximum(left, right)
        path, at = np.nonzero(real & (width > resolution) & (hope > high[:, None]))
        wide = width[path, at]
        middle = (t[path, at] + t[path, at + 1]) / 2
        if not even:
            return path, middle
        # Bends over the distance of the middles of two intervals are curvatures.
        before = np.concatenate([width[:, :1], width[:, :-1]], 1)[path, at] + wide
        after = np.concatenate([width[:, 1:], width[:, -1:]], 1)[path, at] + wide
        curvature = 2 * np.maximum(left[path, at] / before, right[path, at] / after)
        top = middle + np.clip(np.nan_to_num(slope[path, at] / curvature), -wide / 4, wide / 4)
    return path, top
