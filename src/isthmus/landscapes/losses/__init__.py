"""Losses: what makes an input a low point of the landscape. One a file, and a line in `registries`."""

from isthmus.landscapes.losses.base import EvenScale, Loss
from isthmus.landscapes.losses.cross_entropy import CrossEntropy
from isthmus.landscapes.losses.margin import Margin

__all__ = ["CrossEntropy", "EvenScale", "Loss", "Margin"]
