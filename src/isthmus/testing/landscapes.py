"""Landscapes with known barriers. Each carries two modes to connect and the barriers between them."""

from __future__ import annotations

from abc import abstractmethod
from typing import final

import torch
from torch import Tensor

from isthmus._core.shapes import Inputs, Losses, Targets
from isthmus.landscapes import AbstractLandscape, Evaluation
from isthmus.landscapes.domains import Box, Domain


class ToyLandscape(AbstractLandscape):
    """A landscape given by a formula. It has one class, 0, and all inputs belong to it.

    Attributes:
        a, c: two modes (1, *input).
        direct_barrier: highest loss on the segment between them.
        barrier: the lowest value that the highest loss of a path between them can have, inside the domain.
    """

    a: Tensor
    c: Tensor
    direct_barrier: float
    barrier: float

    def __init__(self, *, domain: Domain, max_batch: int | str = "auto") -> None:
        super().__init__(domain=domain, max_batch=max_batch)
        self.classes = 1

    @abstractmethod
    def height(self, x: Inputs) -> Losses:
        """The loss (n,) of inputs (n, *input)."""

    @final
    def forward(self, x: Inputs, target: Targets) -> Evaluation:
        loss = self.height(x)
        return Evaluation(loss, -loss[:, None])

    @property
    def target(self) -> Tensor:
        """The class of the pair (a, c)."""
        return torch.zeros(1, dtype=torch.long)


@final
class DoubleWell(ToyLandscape):
    """L(x) = (x0^2 - 1)^2 + bend * (x1 - (1 - x0^2))^2 + the squares of all other coordinates.

    The modes are (-1, 0, ...) and (1, 0, ...). On the segment between them L = (1 - x0^2)^2 (1 + bend), highest at 0
    with 1 + bend. The valley floor x1 = 1 - x0^2 leads over the saddle (0, 1), whose height 1 no path can avoid: each
    crosses x0 = 0, where L >= 1.
    """

    def __init__(self, dimensions: int = 2, bend: float = 1.0, **settings: int | str) -> None:
        super().__init__(domain=Box(-2, 2), **settings)
        self.bend = bend
        self.c = torch.zeros(1, dimensions, dtype=torch.float64)
        self.c[0, 0] = 1.0
        self.a = -self.c
        self.direct_barrier, self.barrier = 1.0 + bend, 1.0

    def height(self, x: Inputs) -> Losses:
        well = (x[:, 0] ** 2 - 1) ** 2
        return well + self.bend * (x[:, 1] - (1 - x[:, 0] ** 2)) ** 2 + (x[:, 2:] ** 2).sum(1)


@final
class Ring(ToyLandscape):
    """L(x) = (|x|^2 - 1)^2: a valley of height 0 along the unit sphere; the modes lie on opposite sides of it.

    The segment between them passes the centre, where L = 1; a path along the sphere has a max loss of 0. The centre is
    a point of no slope: the modes are turned a little so that the segment misses it by `offset`.
    """

    def __init__(self, dimensions: int = 2, offset: float = 0.05, **settings: int | str) -> None:
        super().__init__(domain=Box(-2, 2), **settings)
        across = (1 - offset**2) ** 0.5
        self.a = torch.zeros(1, dimensions, dtype=torch.float64)
        self.a[0, 0], self.a[0, 1] = -across, offset
        self.c = self.a.clone()
        self.c[0, 0] = across
        self.direct_barrier, self.barrier = (offset**2 - 1) ** 2, 0.0

    def height(self, x: Inputs) -> Losses:
        return ((x**2).sum(1) - 1) ** 2


@final
class Disconnected(ToyLandscape):
    """L(x) = wall * exp(-(x0 / width)^2) + (x0^2 - 1)^2 / 10: a wall that reaches across the whole domain.

    Every path between the modes near x0 = -1 and x0 = 1 crosses x0 = 0, where L = wall + 0.1 whatever the other
    coordinates are: below that level the two basins are not connected.
    """

    def __init__(self, dimensions: int = 3, wall: float = 2.0, width: float = 0.3, **settings: int | str) -> None:
        super().__init__(domain=Box(-2, 2), **settings)
        self.wall, self.width = wall, width
        self.c = torch.zeros(1, dimensions, dtype=torch.float64)
        self.c[0, 0] = 1.0
        self.a = -self.c
        self.direct_barrier = self.barrier = wall + 0.1

    def height(self, x: Inputs) -> Losses:
        return self.wall * torch.exp(-((x[:, 0] / self.width) ** 2)) + (x[:, 0] ** 2 - 1) ** 2 / 10


@final
class MuellerBrown(ToyLandscape):
    """The surface of Mueller and Brown (1979), the usual test of methods that look for saddles, lifted and scaled:
    L = (V + 146.7) / 100. Three minima in a row; the two saddles between them lie at L = 1.060 and 0.745.

    The modes are its two lowest minima, near (-0.558, 1.442) and (0.623, 0.028).
    """

    A = (-200.0, -100.0, -170.0, 15.0)
    a_, b, c_ = (-1.0, -1.0, -6.5, 0.7), (0.0, 0.0, 11.0, 0.6), (-10.0, -10.0, -6.5, 0.7)
    X, Y = (1.0, 0.0, -0.5, -1.0), (0.0, 0.5, 1.5, 1.0)

    def __init__(self, **settings: int | str) -> None:
        low, high = torch.tensor([-2.0, -1.0]).double(), torch.tensor([1.5, 2.5]).double()
        super().__init__(domain=Box(low, high), **settings)
        self.a = torch.tensor([[-0.5582236346, 1.4417258418]], dtype=torch.float64)
        self.c = torch.tensor([[0.6234994049, 0.0280377585]], dtype=torch.float64)
        self.barrier = 1.0603515649  # of the saddle at (-0.822, 0.624)
        self.direct_barrier = 1.5937622710

    def height(self, x: Inputs) -> Losses:
        terms = (
            size * torch.exp(a * (x[:, 0] - x0) ** 2 + b * (x[:, 0] - x0) * (x[:, 1] - y0) + c * (x[:, 1] - y0) ** 2)
            for size, a, b, c, x0, y0 in zip(self.A, self.a_, self.b, self.c_, self.X, self.Y, strict=True)
        )
        return (torch.stack(list(terms)).sum(0) + 146.7) / 100


@final
class Basins(ToyLandscape):
    """L(x) = min_k (depth_k + steep * |x - centre_k|^2): basins around given centres, joined over known saddles.

    Two basins next to each other join at the lowest point of the plane on which they are equally high. Where the
    centres lie on a line in order, as by default, the segment between neighbours leads over that point, and the
    minimax of two basins is the highest saddle between them.

    Attributes:
        centres: of the basins (b, *input): low points with the losses `depths`.
        saddles: loss at which each basin joins the next one (b - 1,).
    """

    def __init__(
        self,
        places: tuple[float, ...] = (-1.7, -0.9, 0.3, 0.8, 1.6),
        depths: tuple[float, ...] = (0.0, 0.1, 0.05, 0.2, 0.0),
        steep: float = 4.0,
        dimensions: int = 2,
        **settings: int | str,
    ) -> None:
        super().__init__(domain=Box(-2, 2), **settings)
        self.centres = torch.zeros(len(places), dimensions, dtype=torch.float64)
        self.centres[:, 0] = torch.tensor(places, dtype=torch.float64)
        self.depths, self.steep = torch.tensor(depths, dtype=torch.float64), steep
        apart = self.centres[1:, 0] - self.centres[:-1, 0]
        # d1 + s u^2 = d2 + s (a - u)^2 at u = a / 2 + (d2 - d1) / (2 s a)
        along = apart / 2 + self.depths.diff() / (2 * steep * apart)
        self.saddles = self.depths[:-1] + steep * along**2
        self.a, self.c = self.centres[:1], self.centres[-1:]
        self.direct_barrier = self.barrier = float(self.saddles.max())

    def height(self, x: Inputs) -> Losses:
        squared = ((x[:, None] - self.centres.to(x)) ** 2).sum(2)
        return (self.depths.to(x) + self.steep * squared).amin(1)


@final
class Annulus(ToyLandscape):
    """L(x) = (x0^2 + x1^2 - 1)^2: a valley of height 0 around a hole that no dimension leads past.

    Whatever the other coordinates are, a surface whose boundary goes around the axis x0 = x1 = 0 meets it (the winding
    number says so), and there L = 1: such a loop cannot be filled below 1.

    Attributes:
        around: corners (4, *input), in the order of `isthmus.fill`, of a loop around the hole.
        beside: of a loop on one side of it, all of whose points are low or can be moved to be.
        filling: the lowest value that the highest loss of a surface in `around` can have.
    """

    filling: float = 1.0

    def __init__(self, dimensions: int = 2, **settings: int | str) -> None:
        super().__init__(domain=Box(-2, 2), **settings)
        angles = torch.tensor([[0.0, 0.5, 1.5, 1.0], [0.0, 0.1, 0.2, 0.3]], dtype=torch.float64) * torch.pi
        loops = torch.zeros(2, 4, dimensions, dtype=torch.float64)
        loops[:, :, 0], loops[:, :, 1] = angles.cos(), angles.sin()
        self.around, self.beside = loops
        self.a, self.c = self.around[:1], self.around[3:]
        self.direct_barrier, self.barrier = 1.0, 0.0

    def height(self, x: Inputs) -> Losses:
        return (x[:, 0] ** 2 + x[:, 1] ** 2 - 1) ** 2
