"""Averages: means and medians with 95 % intervals."""

from __future__ import annotations

import math

import numpy as np

from isthmus.estimates.draws import RESAMPLES, ClassDraws
from isthmus.estimates.estimate import Estimate, Floats

MANY = 50_000  # pairs above which fewer resamples are enough


def mean(values: Floats, draws: ClassDraws | None) -> Estimate:
    """Mean of the known values. Without draws: Wilson's interval for shares, and the normal one for other means."""
    known = np.isfinite(values)
    if not known.any():
        return Estimate(math.nan, math.nan, math.nan)
    counted = values[known]
    share = float(counted.mean())
    if draws is None:
        if np.isin(counted, (0, 1)).all():
            from scipy.stats import binomtest

            interval = binomtest(int(counted.sum()), len(counted)).proportion_ci(method="wilson")
            return Estimate(share, float(interval.low), float(interval.high))
        half = 1.96 * float(counted.std(ddof=1)) / math.sqrt(len(counted)) if len(counted) > 1 else math.nan
        return Estimate(share, share - half, share + half)
    clusters = draws.times.shape[1]
    sums = np.bincount(draws.cluster[known], weights=counted, minlength=clusters)
    counts = np.bincount(draws.cluster[known], minlength=clusters)
    drawn = draws.times @ counts
    return Estimate.of(share, (draws.times @ sums)[drawn > 0] / drawn[drawn > 0])


def share(flags: Floats, draws: ClassDraws | None) -> Estimate:
    """Share of ones among zeros and ones. The interval is Wilson's, which takes items as independent, widened to that
    of the bootstrap where there is one: drawing classes says nothing where all of them agree.
    """
    alone = mean(flags, None)
    if draws is None or not len(draws.times):
        return alone
    drawn = mean(flags, draws)
    return Estimate(alone.value, min(alone.low, drawn.low), max(alone.high, drawn.high))


def mean_of_few(values: Floats, *, low: float = -math.inf, high: float = math.inf) -> Estimate:
    """Mean of the known values, each a measurement of its own, with Student's interval, cut at `low` and `high`."""
    known = values[np.isfinite(values)]
    if not len(known):
        return Estimate(math.nan, math.nan, math.nan)
    middle = float(known.mean())
    if len(known) == 1:
        return Estimate(middle, math.nan, math.nan)
    from scipy.stats import t

    half = float(t.ppf(0.975, len(known) - 1) * known.std(ddof=1) / math.sqrt(len(known)))
    return Estimate(middle, max(low, middle - half), min(high, middle + half))


def median(values: Floats, draws: ClassDraws | None) -> Estimate:
    """Median. Without draws: the interval between two order statistics, by the binomial distribution; with draws:
    from medians weighted by how often each class was drawn.
    """
    if not len(values):
        return Estimate(math.nan, math.nan, math.nan)
    order = np.argsort(values)
    ordered, middle = values[order], float(np.median(values))
    if draws is None:
        from scipy.stats import binom

        rank = int(binom.ppf(0.025, len(values), 0.5))
        if rank < 1:  # of so few values not even the whole range is a 95 % interval
            return Estimate(middle, math.nan, math.nan)
        return Estimate(middle, float(ordered[rank - 1]), float(ordered[-rank]))
    cluster = draws.cluster[order]
    medians = []
    for times in draws.times[: RESAMPLES if len(values) <= MANY else RESAMPLES // 4]:
        weight = np.cumsum(times[cluster])
        if weight[-1]:
            medians.append(ordered[np.searchsorted(weight, weight[-1] / 2)])
    return Estimate.of(middle, np.asarray(medians))
