"""Domains of inputs that are made of vectors, such as those of the tokens of a text: where each of these may lie."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor

from isthmus._core.shapes import Input, Inputs, Losses
from isthmus.errors import InputError
from isthmus.landscapes.domains.by_projection import ByProjection

ROWS = 256  # vectors that are projected at a time, at most
NUMBERS = 2**23  # of the points in use for them that are held at once
SMALL = 1e-12  # a share that is none, and how far from the nearest point is there, beside the size of things
FEW = 8  # points of a mix to begin with
EPSILON = 8 * torch.finfo(torch.float64).eps


class EachVector(ByProjection):
    """Inputs (..., width), each of whose vectors lies in one closed convex set."""

    @abstractmethod
    def _nearest_vectors(self, vectors: Tensor) -> Tensor:
        """The nearest point of the set to each vector (r, width), float64."""

    @property
    @abstractmethod
    def _width(self) -> int: ...

    @property
    def _rows(self) -> int:
        """Vectors that are brought to the set at a time."""
        return ROWS

    def excess(self, x: Inputs) -> Losses:
        away = (x.double() - self.nearest(x.double())).norm(dim=-1)
        found: Losses = away.reshape(len(x), -1).amax(1).to(x.dtype)
        return found

    def nearest(self, x: Inputs) -> Inputs:
        if x.shape[-1] != self._width:
            raise InputError(f"Vectors of this domain have {self._width} numbers, those of the inputs {x.shape[-1]}.")
        flat = x.reshape(-1, x.shape[-1])
        parts = [self._nearest_vectors(part) for part in torch.split(flat, self._rows)]
        return torch.cat(parts).reshape(x.shape) if parts else x


@dataclass(frozen=True, eq=False)
class VectorBall(EachVector):
    """Each vector within `radius` of `center` (width,), in the 2-norm."""

    center: Input
    radius: float

    def __post_init__(self) -> None:
        if not self.radius >= 0:
            raise InputError(f"VectorBall needs a radius >= 0, got {self.radius}.")

    @classmethod
    def around(cls, points: Tensor) -> VectorBall:
        """The ball around the mean of some points (m, width) that holds them all."""
        check_points("VectorBall", points)
        center = points.double().mean(0)
        return cls(center, float((points.double() - center).norm(dim=1).max()) * (1 + 1e-9))

    def __repr__(self) -> str:
        return f"VectorBall(radius={self.radius:.6g}, width={self._width}, sha256={_digest(self.center)})"

    @property
    def _width(self) -> int:
        return len(self.center)

    def _nearest_vectors(self, vectors: Tensor) -> Tensor:
        center = self.center.to(vectors)
        away = vectors - center
        distance = away.norm(dim=1, keepdim=True)
        return torch.where(distance > self.radius, center + away * (self.radius * (1 - 1e-15) / distance), vectors)


@dataclass(frozen=True, eq=False)
class VectorHull(EachVector):
    """Each vector a mix of some points (m, width): in their convex hull, such as that of all tokens.

    The nearest point is found with the active sets of P. Wolfe, Finding the nearest point in a polytope (Mathematical
    Programming 11, 1976), for many vectors at a time. A round costs a product with all points, and there are about as
    many rounds as points in the mix, up to the width + 1: thousands of points of tens of numbers are quick, the
    vocabulary of a large model is not.

    Raises:
        InputError: points that cannot be used; on projecting, where the nearest point was not settled.
    """

    points: Tensor

    def __post_init__(self) -> None:
        check_points("VectorHull", self.points)

    def __repr__(self) -> str:
        return f"VectorHull({len(self.points)} points, width={self._width}, sha256={_digest(self.points)})"

    @property
    def _width(self) -> int:
        return self.points.shape[1]

    @property
    def _rows(self) -> int:
        return max(1, min(ROWS, NUMBERS // (self._width * _most(self.points))))

    def _nearest_vectors(self, vectors: Tensor) -> Tensor:
        points = self.points.to(vectors)
        middle = points.mean(0)  # sizes are counted from there
        points, vectors = points - middle, vectors - middle
        mix = _Mix(points, vectors)
        size = float(points.norm(dim=1).max())
        for _ in range(100 + 10 * _most(points)):
            value = mix.value()
            away = value - vectors
            heights = away @ points.T
            best = heights.argmin(1)
            gap = (away * value).sum(1) - heights.gather(1, best[:, None])[:, 0]
            scale = size * (size + away.norm(dim=1))
            rows = ((gap > EPSILON * scale) & mix.can_take(best)).nonzero()[:, 0]
            if not len(rows):
                break
            mix.take(rows, best[rows])
        else:
            if bool((gap > SMALL * scale).any()):
                raise InputError(f"The nearest mix of {len(points)} points was not settled; take a VectorBall or Box.")
        return mix.value() + middle


class _Mix:
    """Of each vector (r, width) a mix of some of the points: which, and how much of each."""

    def __init__(self, points: Tensor, vectors: Tensor) -> None:
        self.points, self.vectors = points, vectors
        self.most = _most(points)
        slots = min(FEW, self.most)
        self.index = torch.zeros((len(vectors), slots), dtype=torch.long, device=vectors.device)
        self.index[:, 0] = torch.cdist(vectors, points).argmin(1)
        self.shares = torch.zeros((len(vectors), slots), dtype=vectors.dtype, device=vectors.device)
        self.shares[:, 0] = 1
        self.used = self.shares > 0

    def value(self) -> Tensor:
        return (self.shares[:, :, None] * self.points[self.index]).sum(1)

    def can_take(self, best: Tensor) -> Tensor:
        """Whether a point is new to the mix, and there is room for it."""
        known = ((self.index == best[:, None]) & self.used).any(1)
        if bool(self.used.all(1).any()) and self.used.shape[1] < self.most:
            more = (0, min(self.most, 2 * self.used.shape[1]) - self.used.shape[1])
            self.index, self.shares, self.used = (
                torch.nn.functional.pad(each, more) for each in (self.index, self.shares, self.used)
            )
        return ~known & ~self.used.all(1)

    def take(self, rows: Tensor, best: Tensor) -> None:
        """Adds a point to some mixes and makes them the nearest that their points allow; drops what they need not."""
        slot = (~self.used[rows]).double().argmax(1)
        self.index[rows, slot], self.used[rows, slot] = best, True
        for _ in range(self.index.shape[1] + 1):
            used, shares = self.used[rows], self.shares[rows]
            wanted = self._in_their_plane(rows, used, shares)
            low = used & (wanted <= SMALL)
            step = torch.where(low & (shares > wanted), shares / (shares - wanted), torch.inf).amin(1).clamp(max=1)
            moved = torch.where(low.any(1)[:, None], shares + step[:, None] * (wanted - shares), wanted)
            self.used[rows] = used & ~(low & (moved <= SMALL))
            kept = torch.where(self.used[rows], moved.clamp_min(0), 0.0)
            self.shares[rows] = kept / kept.sum(1, keepdim=True)
            rows = rows[low.any(1)]
            if not len(rows):
                break

    def _in_their_plane(self, rows: Tensor, used: Tensor, shares: Tensor) -> Tensor:
        """The shares, of any sign, of the nearest point in the plane through the points in use.

        Counted from where the mix is now, so that a vector far away does not drown what sets the points apart.
        """
        corners = self.points[self.index[rows]]
        now = (shares[:, :, None] * corners).sum(1)
        spans = (corners - now[:, None]) * used[:, :, None]
        gram = spans @ spans.transpose(1, 2)
        size = gram.diagonal(dim1=1, dim2=2).amax(1)[:, None].clamp_min(1e-300)
        # What is not in use stands alone, with a share of 0; a little on the diagonal settles what is undecided.
        gram = gram + torch.diag_embed(torch.where(used, 1e-14 * size, size))
        lead = (spans @ (self.vectors[rows] - now)[:, :, None])[:, :, 0]
        both = torch.linalg.solve(gram, torch.stack([lead, used * size], dim=2)) * used[:, :, None]
        free, even = both[:, :, 0], both[:, :, 1]
        shares_there: Tensor = free + even * ((1 - free.sum(1)) / even.sum(1))[:, None]
        return shares_there


def _most(points: Tensor) -> int:
    """Points that a mix may need for a moment: one more than a corner of a simplex of their space."""
    return min(len(points), points.shape[1] + 1) + 1


def check_points(name: str, points: Tensor) -> None:
    """Points (m, width) of which a domain can be made.

    Raises:
        InputError: they are none.
    """
    if points.ndim != 2 or not len(points) or not bool(points.isfinite().all()):
        raise InputError(f"{name} needs finite points (m, width), got the shape {tuple(points.shape)}.")


def _digest(numbers: Tensor) -> str:
    return hashlib.sha256(numbers.detach().cpu().double().contiguous().numpy().tobytes()).hexdigest()[:8]
