"""Connectors: ways to lead a path around a barrier. One method a file, and a line in `registries`."""

from isthmus.connecting.connectors.barrier_bypass import BarrierBypass, Hyperplane
from isthmus.connecting.connectors.base import AbstractConnector, AnyConnector, Connector, PathConnector, Segments
from isthmus.connecting.connectors.bezier_curve import BezierCurve
from isthmus.connecting.connectors.level_set_traversal import LevelSetTraversal
from isthmus.connecting.connectors.nudged_elastic_band import NudgedElasticBand
from isthmus.connecting.connectors.straight_line import StraightLine
from isthmus.connecting.connectors.string_method import StringMethod

__all__ = [
    "AbstractConnector",
    "AnyConnector",
    "BarrierBypass",
    "BezierCurve",
    "Connector",
    "Hyperplane",
    "LevelSetTraversal",
    "NudgedElasticBand",
    "PathConnector",
    "Segments",
    "StraightLine",
    "StringMethod",
]
