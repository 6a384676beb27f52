"""Estimates: numbers with 95 % intervals that respect that pairs of one class are alike."""

from isthmus.estimates.averages import mean, mean_of_few, median, share
from isthmus.estimates.draws import ClassDraws
from isthmus.estimates.estimate import Estimate, Floats
from isthmus.estimates.matching import match
from isthmus.estimates.separation import Separation, separation

__all__ = [
    "ClassDraws",
    "Estimate",
    "Floats",
    "Separation",
    "match",
    "mean",
    "mean_of_few",
    "median",
    "separation",
    "share",
]
