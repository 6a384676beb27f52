"""canonical: from a given number of open sites to a given probability p (Newman and Ziff 2001, eq. 2)."""

from __future__ import annotations

from typing import Any

import numpy as np

from isthmus._core.annotated import as_annotated
from isthmus._core.given import numbers_of
from isthmus.errors import InputError

Array = np.ndarray[Any, np.dtype[Any]]
TAILS = 9.0  # standard deviations of the binomial distribution that are summed over


@as_annotated
def canonical(values: Array, p: Array | float) -> Array:
    """Mean of a quantity when every site is open with probability p, independently.

    Args:
        values: the quantity with 0, 1, ..., N open sites (N + 1,), exact or averaged over sweeps; NaN where it is not
            defined, which is left out.
        p: probabilities.

    Returns:
        Sum over n of binomial(N, n) p^n (1 - p)^(N - n) values[n], in the shape of p.

    Raises:
        InputError: p outside [0, 1].
    """
    from scipy.stats import binom

    values, p = numbers_of("values", values).numpy(), numbers_of("p", p).numpy()
    if values.ndim != 1 or not len(values):
        raise InputError(f"values must be a list with one number for 0, 1, ... open sites, got shape {values.shape}.")
    if not ((p >= 0) & (p <= 1)).all():
        raise InputError(f"p must lie between 0 and 1, got {p.min():.4g} to {p.max():.4g}.")
    number = len(values) - 1
    found = np.empty(p.size)
    for place, each in enumerate(p.ravel()):
        half = TAILS * np.sqrt(number * each * (1 - each)) + TAILS
        low, high = max(0, int(number * each - half)), min(number, int(number * each + half))
        some = np.arange(low, high + 1)
        weights = binom.pmf(some, number, each)
        known = np.isfinite(values[some])
        total = weights[known].sum()
        found[place] = weights[known] @ values[some][known] / total if total > 0 else np.nan
    shaped: Array = found.reshape(p.shape)
    return shaped
