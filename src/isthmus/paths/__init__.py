"""Paths: pure geometry of curves through input space, and of flat pieces of it."""

from isthmus.paths.base import AbstractPath, Bundle, on_cpu
from isthmus.paths.bezier import Bezier
from isthmus.paths.flat import Flat
from isthmus.paths.polyline import Polyline

__all__ = ["AbstractPath", "Bezier", "Bundle", "Flat", "Polyline", "on_cpu"]
