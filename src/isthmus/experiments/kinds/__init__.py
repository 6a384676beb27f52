"""Is it general? The statistics of real pairs of tables, sound and text."""

from isthmus.experiments.kinds.experiment import Kinds

__all__ = ["Kinds"]
