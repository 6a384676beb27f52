"""Surfaces: whether loops of inputs can be filled at low loss, and with what."""

from isthmus.surfaces.adaptive_mesh import AdaptiveMesh
from isthmus.surfaces.building import fill
from isthmus.surfaces.filling import Filling, Outcome
from isthmus.surfaces.fillings import Fillings
from isthmus.surfaces.loops import Cone, Loop, Quadrilateral
from isthmus.surfaces.surface import Surface

__all__ = ["AdaptiveMesh", "Cone", "Filling", "Fillings", "Loop", "Outcome", "Quadrilateral", "Surface", "fill"]
