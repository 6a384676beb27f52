"""Pairs of real inputs: how small the bypass is, where in the spectrum it lies, and why it matters (Figs. 1 to 3)."""

from isthmus.experiments.real.experiment import Real

__all__ = ["Real"]
