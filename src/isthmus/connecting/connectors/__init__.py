"""Connectors: ways to lead a path around a barrier. One method a file, and a line in `registries`."""

from isthmus.connecting.connectors.barrier_bypass import BarrierBypass, Hyperplane
from isthmus.connecting.connectors.base import AbstractConnector, AnyConnector, Connector, PathConnector, Segments
from isthmus.connecting.connectors.straight_line import StraightLine

__all__ = [
    "AbstractConnector",
    "AnyConnector",
    "BarrierBypass",
    "Connector",
    "Hyperplane",
    "PathConnector",
    "Segments",
    "StraightLine",
]
