"""Landscapes: the loss of a fixed network as a function of its input, with the losses and the domains it may have."""

from isthmus.landscapes.base import AbstractLandscape, Evaluation, Slope
from isthmus.landscapes.network import Landscape, NetworkLandscape

__all__ = ["AbstractLandscape", "Evaluation", "Landscape", "NetworkLandscape", "Slope"]
