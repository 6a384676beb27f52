"""study_slices: random slices through inputs and through random points, on several networks, measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from isthmus._core.progress import OnStage
from isthmus._core.random import generator, numpy_generator
from isthmus._core.shapes import Inputs, SomeVertices, Targets
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.landscapes.domains import Box
from isthmus.paths import Flat
from isthmus.paths.flat import check_extent
from isthmus.percolation import Measured, measure, slice_map
from isthmus.percolation.lattice import check_memory
from isthmus.percolation.nulls import gaussian_bytes
from isthmus.profiles import GridMap

INPUTS, RANDOM = "inputs of a class", "random points"
SHOWN = 0.2  # share of open points that tables and figure show, or the one nearest to it


@dataclass(frozen=True, kw_only=True)
class NetworkStudy:
    """What is measured.

    Attributes:
        dimensions: of the slices.
        points: along each axis; odd, so that every second point is a grid too.
        slices: of each dimension, through inputs of one class and through random points.
        extent: width of the slices, in mean distances between the points that they go through.
        shares: of open points.
        draws: of each null model.
        seed: of everything that is drawn.

    Raises:
        InputError: a number that cannot be used, or a grid that would not fit the memory.
    """

    dimensions: Sequence[int] = (1, 2, 3, 4, 5)
    points: int = 9
    slices: int = 6
    extent: float = 1.0
    shares: Sequence[float] = (0.05, 0.1, 0.2, 0.3, 0.5)
    draws: int = 2
    seed: int = 0

    def __post_init__(self) -> None:
        if self.points < 5 or not self.points % 2:
            raise InputError(
                f"A slice needs an odd number of points along each axis, 5 at least, got {self.points}: every second "
                "one is measured too."
            )
        check_extent(self.extent)
        if self.slices < 2:
            raise InputError(f"An interval needs two slices at least, got {self.slices}.")
        if not all(0 < share < 1 for share in self.shares):
            raise InputError(f"The shares of open points must lie between 0 and 1, got {list(self.shares)}.")
        if not all(1 <= dimension <= 13 for dimension in self.dimensions):
            raise InputError(f"Slices have 1 to 13 dimensions, got {list(self.dimensions)}.")
        most = max(self.dimensions)
        total = self.points**most
        if not any(round(each * total) > 1 for each in self.shares):
            raise InputError(
                f"Shares of {list(self.shares)} leave fewer than two of {total} points open; take larger ones."
            )
        check_memory(
            total * 64 + gaussian_bytes(total, most),
            f"{self.points} points along each of {most} axes, with the null models,",
        )


@dataclass(frozen=True, eq=False)
class SliceRow:
    """A slice on a network.

    Attributes:
        network: its name.
        through: "inputs of a class" or "random points".
        dimension, number: of the slice.
        target: class that the loss is about.
        measured: what was measured.
    """

    network: str
    through: str
    dimension: int
    number: int
    target: int
    measured: Measured


@dataclass(frozen=True, eq=False)
class Example:
    """A slice of two dimensions, on a finer grid, as a picture."""

    network: str
    found: GridMap


def study_slices(
    landscapes: Mapping[str, AbstractLandscape],
    x: Inputs,
    y: Targets,
    study: NetworkStudy,
    *,
    picture: int = 81,
    tell: OnStage = lambda *_: None,
) -> tuple[list[SliceRow], list[Example]]:
    """The same slices on every network.

    Args:
        landscapes: by name.
        x, y: inputs (n, *input) and their classes (n,), some of which slices go through.
        study: what is measured.
        picture: points along each axis of the examples, one of every network.
        tell: called with what is done, how much of it, of how much.

    Raises:
        InputError: no class has enough inputs.
    """
    rows: list[SliceRow] = []
    total = len(landscapes) * len(study.dimensions) * study.slices * 2
    for dimension in study.dimensions:
        for number in range(study.slices):
            for through in (INPUTS, RANDOM):
                points, target = _points(x, y, dimension, number, through, landscapes, study.seed)
                piece = Flat.through(points, extent=study.extent)
                for name, landscape in landscapes.items():
                    tell("slices", len(rows), total)
                    found = slice_map(landscape, piece, target, points=study.points)
                    measured = measure(found, study.shares, draws=study.draws, seed=study.seed + number)
                    rows.append(SliceRow(name, through, dimension, number, found.target, measured))
    points, target = _points(x, y, 2, 0, INPUTS, landscapes, study.seed)
    examples = [
        Example(name, slice_map(landscape, Flat.through(points, extent=study.extent), target, points=picture))
        for name, landscape in landscapes.items()
    ]
    return rows, examples


def shown_share(study: NetworkStudy) -> int:
    """Which of the shares tables and figure show."""
    return int(np.argmin(np.abs(np.array(study.shares) - SHOWN)))


def _points(
    x: Inputs,
    y: Targets,
    dimension: int,
    number: int,
    through: str,
    landscapes: Mapping[str, AbstractLandscape],
    seed: int,
) -> tuple[SomeVertices, int | None]:
    """The inputs of a slice, and the class that the loss is about; None where each network chooses its own."""
    random = numpy_generator((seed, dimension, number, through == RANDOM))
    if through == RANDOM:
        domain = next(iter(landscapes.values())).domain
        low, high = (domain.low, domain.high) if isinstance(domain, Box) else (0.0, 1.0)
        drawn = torch.rand(dimension + 1, *x.shape[1:], generator=generator(int(random.integers(2**31))), dtype=x.dtype)
        low, high = torch.as_tensor(low).to(drawn), torch.as_tensor(high).to(drawn)
        return low + (high - low) * drawn, None
    labels = np.asarray(y)
    enough = [group for group in np.unique(labels).tolist() if (labels == group).sum() > dimension]
    if not enough:
        raise InputError(
            f"A slice of {dimension} dimensions goes through {dimension + 1} inputs of one class, and no class has as "
            "many; give more images, or fewer --dimensions."
        )
    group = int(random.choice(enough))
    chosen = random.choice(np.flatnonzero(labels == group), dimension + 1, replace=False)
    return x[torch.as_tensor(chosen)], group
