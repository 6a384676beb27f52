"""measure: how the low points of a slice hang together, beside null models with as many open points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from isthmus._core.random import numpy_generator
from isthmus.percolation.clusters import clusters_of
from isthmus.percolation.fields import Field
from isthmus.percolation.nulls import GaussianField, independent_field
from isthmus.percolation.persistence import persistence
from isthmus.profiles import GridMap

Array = np.ndarray[Any, np.dtype[Any]]
LASTING = 0.05  # of all levels: basins that live shorter are grain


@dataclass(frozen=True, eq=False)
class Curve:
    """How the open points of a field hang together, at given shares of open points.

    Attributes:
        connection: share of the pairs of open points that are connected (shares,).
        largest: share of the open points in the largest cluster (shares,).
        components: number of clusters (shares,).
        critical: share of open points at which a cluster first spans an axis, mean over the axes.
    """

    connection: Array
    largest: Array
    components: Array
    critical: float

    @classmethod
    def of(cls, field: Field, shares: Array) -> Curve:
        """Reads it off a field."""
        return cls(field.connection(shares), field.largest(shares), field.components(shares), field.critical_share)


@dataclass(frozen=True, eq=False)
class Measured:
    """A slice and its null models.

    Attributes:
        shares: of open points (shares,).
        own: of the loss on the slice.
        coarse: of every second point of it; None where the grid is too small.
        gaussian: mean over Gaussian fields of the slice's covariance.
        second: mean over the null of those fields. A Gaussian field would differ from `gaussian` by about as much as
            that from `second`.
        independent: mean over independent sites.
        basins: basins of the loss that last over more than 5 % of all levels.
        class_share: share of the points that are taken for the target.
        class_connection: share of the pairs of these that are connected; NaN where there are fewer than two.
        class_gaussian, class_independent: that of the null models at the same share.
        outside: share of the points outside the landscape's domain.
        tied: share of the points whose loss another point has too; their order is drawn.
    """

    shares: Array
    own: Curve
    coarse: Curve | None
    gaussian: Curve
    second: Curve
    independent: Curve
    basins: int
    class_share: float
    class_connection: float
    class_gaussian: float
    class_independent: float
    outside: float
    tied: float


def measure(found: GridMap, shares: Sequence[float], *, draws: int = 4, seed: int = 0) -> Measured:
    """Measures a slice and draws its null models.

    Args:
        found: the landscape on the slice.
        shares: of open points, between 0 and 1.
        draws: of each null model.
        seed: of the draws.
    """
    random, wanted = numpy_generator(seed), np.asarray(shares, dtype=float)
    field = Field(found.loss)
    inside = clusters_of(found.is_class(found.target))
    share = inside.open_sites / found.loss.size
    levels = np.append(wanted, share)
    model = GaussianField(field)
    gaussian = _mean([Curve.of(model.draw(random), levels) for _ in range(draws)])
    independent = _mean([Curve.of(independent_field(found.loss.shape, random), levels) for _ in range(draws)])
    lives = persistence(field.ranks)
    return Measured(
        shares=wanted,
        own=Curve.of(field, wanted),
        coarse=Curve.of(field.coarser(), wanted) if min(found.loss.shape) >= 5 else None,
        gaussian=_first(gaussian, len(wanted)),
        second=_mean([Curve.of(model.second(random), wanted) for _ in range(draws)]),
        independent=_first(independent, len(wanted)),
        basins=int((lives.ends - lives.begins > LASTING).sum()),
        class_share=share,
        class_connection=inside.connection,
        class_gaussian=float(gaussian.connection[-1]),
        class_independent=float(independent.connection[-1]),
        outside=float((~found.inside).mean()),
        tied=field.tied,
    )


def _mean(curves: Sequence[Curve]) -> Curve:
    return Curve(
        np.mean([curve.connection for curve in curves], axis=0),
        np.mean([curve.largest for curve in curves], axis=0),
        np.mean([curve.components for curve in curves], axis=0),
        float(np.mean([curve.critical for curve in curves])),
    )


def _first(curve: Curve, count: int) -> Curve:
    return Curve(curve.connection[:count], curve.largest[:count], curve.components[:count], curve.critical)
