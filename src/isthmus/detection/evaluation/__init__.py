"""Evaluation: detectors, baselines and controls on the same inputs, so that nobody is fooled."""

from isthmus.detection.evaluation.measured import Evaluation
from isthmus.detection.evaluation.rows import Row
from isthmus.detection.evaluation.running import Evaluated, evaluate
from isthmus.results import Kept

__all__ = ["Evaluated", "Evaluation", "Kept", "Row", "evaluate"]
