"""Traces: the images of points along paths, and how long the curves through them would be with ever more points."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from isthmus._core.geometry import lengths
from isthmus._core.shapes import Inputs, Logits, Losses, Parameters
from isthmus.paths import AbstractPath, Bundle

PARTS = 8  # of a path at first, or one a segment where there are more; each is halved twice
FALL = (0.25, 0.5)  # what a halving leaves of the length still missing: of smooth curves, and of those with kinks


@dataclass(frozen=True, eq=False, kw_only=True)
class Trace:
    """Images (m, d) of points of a path, in order.

    Attributes:
        image: the images, on the CPU.
        length: of the curve, from what three sets of points say, each twice as dense as the one before.
        missing: the part of it that no set of points has shown.
    """

    image: Logits
    length: float
    missing: float

    def apart_from(self, other: Trace) -> Losses:
        """Distances (m,) of the images from the curve through the other's, along straight lines, in float64."""
        # Differences from one image: what all have in common would be all that float32 can tell.
        origin = other.image[:1]
        x, start, across = self.image - origin, other.image[:-1] - origin, other.image[1:] - other.image[:-1]
        squared = across.double().square().sum(1)
        along = (x @ across.T).double() - (start * across).sum(1).double()
        share = torch.where(squared > 0, along / squared.clamp_min(torch.finfo(torch.float64).tiny), 0.0).clamp(0, 1)
        apart = (
            x.double().square().sum(1, keepdim=True)
            - 2 * ((x @ start.T).double() + share * (x @ across.T).double())
            + start.double().square().sum(1)
            + 2 * share * (start * across).sum(1).double()
            + share**2 * squared
        )
        nearest = apart.argmin(1)
        rows = torch.arange(len(x))
        foot = start[nearest].double() + share[rows, nearest][:, None] * across[nearest].double()
        return lengths(x.double() - foot)


def traces(
    images: Callable[[Inputs], Logits],
    between: Callable[[Logits, Logits], Losses],
    paths: Sequence[AbstractPath],
    t: list[Tensor],
) -> list[Trace]:
    """Traces of paths, side by side.

    What a polyline through a curve falls short of falls fourfold with every halving where the curve is smooth, and
    twofold where it is full of kinks, as the images of networks with ReLU are; the last two halvings say which, and so
    how much is missing (Aitken's extrapolation).

    Args:
        images: the images (n, d) of inputs (n, *input).
        between: distances (n,) of images (n, d).
        paths: the paths.
        t: of each the positions that are looked at: some, and all of these halved twice (`divided`).
    """
    counts = [len(each) for each in t]
    owner = torch.repeat_interleave(torch.arange(len(paths)), torch.tensor(counts))
    image = images(Bundle.of(paths).at(owner, torch.cat(t))).cpu()
    image = image.to(torch.promote_types(image.dtype, torch.float32))  # sums over features overflow half precision
    return [_trace(part, between) for part in torch.split(image, counts)]


def _trace(image: Logits, between: Callable[[Logits, Logits], Losses]) -> Trace:
    coarse, middle, fine = (float(between(image[step::step], image[:-step:step]).sum()) for step in (4, 2, 1))
    first, second = middle - coarse, fine - middle
    low, high = FALL
    fall = min(max(second / first, low), high) if first > 0 else low
    missing = max(second, 0.0) * fall / (1 - fall)
    return Trace(image=image, length=fine + missing, missing=missing)


def divided(path: AbstractPath, parts: int, *, halved: int = 0) -> Parameters:
    """Positions (m,) on a path: its corners, and equal parts between them, so many on all of it or more; then all of
    these halved so many times.
    """
    corners = torch.unique(path.corners.double().cpu())
    pieces = (corners.diff() * parts).ceil().clamp_min(1).long() * 2**halved
    inner = [
        begin + torch.arange(count, dtype=torch.float64) / count * span
        for begin, span, count in zip(corners[:-1], corners.diff(), pieces.tolist(), strict=True)
    ]
    return torch.cat([*inner, corners[-1:]])
