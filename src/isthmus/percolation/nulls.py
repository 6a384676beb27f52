"""Null models: fields that know nothing of the network, with as many open points and, the second, its correlations."""

from __future__ import annotations

from typing import Any

import numpy as np

from isthmus.percolation.fields import Field
from isthmus.percolation.lattice import check_memory

Array = np.ndarray[Any, np.dtype[Any]]


def independent_field(shape: tuple[int, ...], generator: np.random.Generator) -> Field:
    """Independent values: sites are open independently, whatever the level."""
    return Field(generator.random(shape))


def normal_scores(field: Field) -> Array:
    """The values replaced by those that a Gaussian sample has at their ranks: levels keep their sets."""
    from scipy.stats import norm

    return np.asarray(norm.ppf(field.ranks))


def gaussian_bytes(points: int, dimension: int) -> int:
    """Memory that a Gaussian field takes while it is drawn: twice as large along every axis, three such arrays."""
    return 48 * points << dimension


class GaussianField:
    """Stationary Gaussian fields with the covariance of a given field.

    The field's normal scores are mirrored at every face, which gives a periodic field without steps; the power spectrum
    of that is the covariance which is sampled. (Estimates lag by lag are not covariances, and repairing them adds
    noise.) The mirror makes the covariance symmetric along each axis, and correlations as long as the grid come out too
    short. `second` measures what that does: a field that is Gaussian itself differs from its null by about as much as
    that null differs from its own.

    Raises:
        InputError: a field that would not fit the memory.
    """

    def __init__(self, field: Field) -> None:
        from scipy import fft

        check_memory(gaussian_bytes(field.values.size, field.values.ndim), "Gaussian fields of this size")
        scores = normal_scores(field)
        mirrored = np.pad(scores, [(0, side) for side in scores.shape], mode="symmetric")
        self._shape = scores.shape
        self._double = mirrored.shape
        self._amplitude = np.abs(fft.rfftn(mirrored))

    def draw(self, generator: np.random.Generator) -> Field:
        """A field of that covariance."""
        from scipy import fft

        noise = fft.rfftn(generator.standard_normal(self._double))
        drawn = fft.irfftn(self._amplitude * noise, s=self._double)
        return Field(np.ascontiguousarray(drawn[tuple(slice(side) for side in self._shape)]))

    def second(self, generator: np.random.Generator) -> Field:
        """A field of the covariance of a field that was drawn: the null of the null."""
        return GaussianField(self.draw(generator)).draw(generator)
