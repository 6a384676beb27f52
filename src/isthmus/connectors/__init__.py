"""Connectors: ways to lead a path around a barrier. One method a file; each imports `base` and `stopping` at most."""

from isthmus.connectors.barrier_bypass import BarrierBypass, Hyperplane
from isthmus.connectors.base import Connector, Segments
from isthmus.connectors.straight_line import StraightLine

__all__ = ["BarrierBypass", "Connector", "Hyperplane", "Segments", "StraightLine"]
