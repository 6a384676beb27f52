"""EvaluationPlan: detectors, baselines and controls on the same inputs, so that nobody is fooled."""

from isthmus.detection.evaluation.rows import Row
from isthmus.detection.evaluation.running import Evaluated, evaluate
from isthmus.detection.evaluation.workbench import EvaluationPlan
from isthmus.results import Kept

__all__ = ["Evaluated", "EvaluationPlan", "Kept", "Row", "evaluate"]
