"""The plane through A, B' and C, or any three inputs: loss and decision boundaries, with the paths on it."""

from isthmus.experiments.decision_map.experiment import DecisionMap

__all__ = ["DecisionMap"]
