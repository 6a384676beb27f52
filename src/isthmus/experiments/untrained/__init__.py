"""Synthesized inputs of networks that were never trained, connected in rounds (Sec. 4.3, Fig. 7)."""

from isthmus.experiments.untrained.experiment import Untrained

__all__ = ["Untrained"]
