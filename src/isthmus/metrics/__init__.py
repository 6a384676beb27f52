"""Metrics: what long, far and near mean to lengths and deviations of paths. One idea a file, and a line in
`registries`.
"""

from isthmus.metrics.base import AbstractMetric, Extent
from isthmus.metrics.features import Features
from isthmus.metrics.fisher import Fisher
from isthmus.metrics.norms import L2, LInf, NormMetric, PerChannel
from isthmus.metrics.pullback import PullbackMetric

__all__ = [
    "L2",
    "AbstractMetric",
    "Extent",
    "Features",
    "Fisher",
    "LInf",
    "NormMetric",
    "PerChannel",
    "PullbackMetric",
]
