"""Attributions: which numbers of an input change an output, along a path from one input to another."""

from isthmus.attributions.along import attribute
from isthmus.attributions.attribution import Attribution

__all__ = ["Attribution", "attribute"]
