"""The statistics of real pairs across networks of different kinds."""

from isthmus.experiments.architectures.experiment import Architectures

__all__ = ["Architectures"]
