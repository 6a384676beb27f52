"""Adaptive sampling: a coarse scan, then halving of intervals around every local maximum that could be the highest."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from isthmus._core.shapes import SomeVertices, Targets
from isthmus.errors import DomainWarning, InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.landscapes.validation import check_landscape, check_target_range
from isthmus.paths import AbstractPath, Bundle, Polyline
from isthmus.profiles.looking import look
from isthmus.profiles.profile import Profile

Array = NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How densely a profile looks.

    Attributes:
        intervals: intervals of the coarse scan along the whole path, shared out by length.
        per_segment: at least so many intervals on every segment.
        rise: the refinement around a local maximum stops where its neighbours' slopes leave no room for a maximum
            higher by more than this (in the loss's unit) than the highest loss seen.
        resolution: no interval below this length (in t) is halved.
    """

    intervals: int = 20
    per_segment: int = 4
    rise: float = 0.002
    resolution: float = 1 / 1024

    def __post_init__(self) -> None:
        if self.intervals < 1 or self.per_segment < 1:
            raise InputError(f"Sampling needs at least one interval, got {self.intervals} and {self.per_segment}.")
        if not 0 < self.resolution <= 1 or not self.rise >= 0:
            raise InputError(
                f"Sampling needs 0 < resolution <= 1 and rise >= 0, got {self.resolution} and {self.rise}."
            )

    @staticmethod
    def even(points: int) -> Sampling:
        """A plain scan at about so many points, evenly spaced along each segment, without refinement."""
        return Sampling(intervals=points - 1, per_segment=1, resolution=1.0)


def profile(
    landscape: AbstractLandscape, path: AbstractPath, target: int | Tensor, *, sampling: Sampling | None = None
) -> Profile:
    """The loss along a path, refined around its peaks. Every point evaluated is in the result.

    Args:
        landscape: the landscape.
        path: the path; it may leave the domain, with a warning.
        target: the class that the loss is about.
        sampling: how densely to look.

    Raises:
        InputError: target out of range, or a path that is not finite.
    """
    check_landscape(landscape)
    targets = torch.as_tensor(target).reshape(-1)
    if len(targets) != 1 or targets.is_floating_point():
        raise InputError(f"profile takes one path and one whole number as its target, got target {target}.")
    if not path.finite:
        raise InputError("profile needs a finite path, got NaN or infinity.")
    outside = float(landscape.domain.excess(path.to_polyline().vertices).max())
    if outside > 1e-6:
        warnings.warn(
            f"The path leaves the landscape's domain by up to {outside:.3g} in data units.", DomainWarning, stacklevel=2
        )
    return profile_many(landscape, [path.in_float()], targets, sampling=sampling)[0]


def profile_many(
    landscape: AbstractLandscape,
    paths: Sequence[AbstractPath | SomeVertices],
    targets: Targets,
    *,
    sampling: Sampling | None = None,
) -> list[Profile]:
    """Profiles of many paths, or of polylines given by their vertices, for targets (n,), in one batch; unchecked."""
    sampling = sampling or Sampling()
    if landscape.classes is not None:
        check_target_range(targets, landscape.classes)
    points = _Points(
        landscape, Bundle.of([Polyline(path) if isinstance(path, Tensor) else path for path in paths]), targets
    )
    with landscape.fixed():
        points.add(*_coarse(points.bundle, sampling))
        coarse = points.peaks()
        while True:
            path, middle = _halves(points, sampling)
            if not len(path):
                return points.profiles(coarse)
            points.add(path, middle)


class _Points:
    """Every point evaluated so far: a row a path in ascending t, padded with t = inf and loss = -inf."""

    def __init__(self, landscape: AbstractLandscape, bundle: Bundle, targets: Targets) -> None:
        self.landscape, self.bundle, self.targets = landscape, bundle, targets.cpu()
        self.t = np.full((len(bundle), 0), np.inf)
        self.loss = np.full((len(bundle), 0), -np.inf)
        self.place = np.full((len(bundle), 0), -1)  # where loss and logits of a point lie in `seen`
        self.seen: list[tuple[Tensor, Tensor]] = []
        self.count = 0

    def add(self, path: NDArray[np.int64], t: Array) -> None:
        """Evaluates points t (m,) of paths (m,), sorted by path."""
        numbers, places = torch.from_numpy(path), torch.from_numpy(t)
        losses = []
        for _, _, (loss, logits) in look(
            self.landscape,
            lambda rows: self.bundle.at(numbers[rows], places[rows]),
            self.targets[numbers],
            most=lambda: self.landscape.batch_size or 64,
        ):
            self.seen.append((loss.cpu(), logits.cpu()))
            losses.append(self.seen[-1][0].double().numpy())
        column = _rank_within(path, len(self.bundle))
        width = int(column.max()) + 1
        new_t = np.full((len(self.bundle), width), np.inf)
        new_loss = np.full_like(new_t, -np.inf)
        new_place = np.full(new_t.shape, -1)
        new_t[path, column] = t
        new_loss[path, column] = np.concatenate(losses)
        new_place[path, column] = self.count + np.arange(len(t))
        self.count += len(t)
        self.t = np.concatenate([self.t, new_t], axis=1)
        order = np.argsort(self.t, axis=1, kind="stable")[:, : int(np.isfinite(self.t).sum(1).max())]
        self.t = np.take_along_axis(self.t, order, 1)
        self.loss = np.take_along_axis(np.concatenate([self.loss, new_loss], axis=1), order, 1)
        self.place = np.take_along_axis(np.concatenate([self.place, new_place], axis=1), order, 1)

    def peaks(self) -> Array:
        """Highest loss of each path so far; NaN where a loss is NaN."""
        return np.asarray(self.loss.max(1))

    def profiles(self, coarse: Array) -> list[Profile]:
        loss = torch.cat([seen[0] for seen in self.seen])
        logits = torch.cat([seen[1] for seen in self.seen])
        result = []
        for number, coarse_max in enumerate(coarse):
            real = self.place[number] >= 0
            rows = torch.from_numpy(self.place[number][real])
            result.append(
                Profile(
                    t=torch.from_numpy(self.t[number][real]),
                    loss=loss[rows],
                    logits=logits[rows],
                    target=int(self.targets[number]),
                    coarse_max_loss=float(coarse_max),
                )
            )
        return result


def _rank_within(path: NDArray[np.int64], paths: int) -> NDArray[np.int64]:
    """0, 1, 2, ... within each run of equal path numbers."""
    counts = np.bincount(path, minlength=paths)
    return np.arange(len(path)) - np.repeat(np.cumsum(counts) - counts, counts)


def _coarse(bundle: Bundle, sampling: Sampling) -> tuple[NDArray[np.int64], Array]:
    """Evenly spaced points of every segment, its ends among them."""
    t, owner = bundle.corners.numpy(), bundle.owner.numpy()
    inside = owner[1:] == owner[:-1]
    left, width, path = t[:-1][inside], np.diff(t)[inside], owner[:-1][inside]
    count = np.maximum(sampling.per_segment, np.ceil(width * sampling.intervals - 1e-9)).astype(np.int64)
    segment = np.repeat(np.arange(len(count)), count)
    position = left[segment] + width[segment] * _rank_within(segment, len(count)) / count[segment]
    path = np.concatenate([path[segment], np.arange(len(bundle))])
    position = np.concatenate([position, np.ones(len(bundle))])
    order = np.lexsort((position, path))
    return path[order], position[order]


def _halves(points: _Points, sampling: Sampling) -> tuple[NDArray[np.int64], Array]:
    """Middles of the intervals beside each local maximum in which the highest loss may still hide.

    How high the loss may rise inside an interval is read off the slopes beside it and inside it: a peak at its middle
    that rises as steeply as the steepest of them.
    """
    t, loss = points.t, np.where(np.isfinite(points.loss), points.loss, -np.inf)
    with np.errstate(invalid="ignore", divide="ignore"):
        width = np.diff(t, axis=1)
        slope = np.nan_to_num(np.diff(loss, axis=1) / width, nan=0.0, posinf=0.0, neginf=0.0)
    edge = np.zeros((len(t), 1))
    steepest = np.maximum(
        np.abs(slope), np.maximum(np.concatenate([edge, slope[:, :-1]], 1), -np.concatenate([slope[:, 1:], edge], 1))
    )
    outer = np.full((len(t), 1), -np.inf)
    padded = np.concatenate([outer, loss, outer], 1)
    is_peak = (loss >= padded[:, :-2]) & (loss >= padded[:, 2:]) & np.isfinite(loss)
    beside_peak = is_peak[:, :-1] | is_peak[:, 1:]
    hope = np.maximum(loss[:, :-1], loss[:, 1:]) + 0.5 * np.nan_to_num(width, posinf=0.0) * steepest
    high = loss.max(1, keepdims=True) + sampling.rise
    path, left = np.nonzero(beside_peak & np.isfinite(t[:, 1:]) & (width > sampling.resolution) & (hope > high))
    return path, (t[path, left] + t[path, left + 1]) / 2
