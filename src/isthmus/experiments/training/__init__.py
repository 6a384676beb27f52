"""Barriers of synthesized inputs over the first batches of training (App. F.1, Fig. 10)."""

from isthmus.experiments.training.experiment import Training

__all__ = ["Training"]
