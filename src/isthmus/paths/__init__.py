"""Paths: pure geometry of curves, and of planes, through input space."""

from isthmus.paths.bundle import Bundle
from isthmus.paths.plane import Plane
from isthmus.paths.polyline import Polyline

__all__ = ["Bundle", "Plane", "Polyline"]
