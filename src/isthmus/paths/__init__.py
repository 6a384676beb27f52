"""Paths: pure geometry of curves through input space."""

from isthmus.paths.bundle import Bundle
from isthmus.paths.polyline import Polyline

__all__ = ["Bundle", "Polyline"]
