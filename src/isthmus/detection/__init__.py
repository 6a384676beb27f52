"""Detection: attacked inputs told from clean ones by how they are connected with other inputs (Sec. 4.2.1)."""

from isthmus.detection.conformal import Conformal
from isthmus.detection.curve_classifier import CurveClassifier
from isthmus.detection.curves import Curves
from isthmus.detection.detector import Detector, Verdicts
from isthmus.detection.novelty import ConnectivityNovelty
from isthmus.detection.operating_point import Detection, judge, threshold
from isthmus.detection.probe import Probe
from isthmus.detection.references import References
from isthmus.detection.views import View, views_for

__all__ = [
    "Conformal",
    "ConnectivityNovelty",
    "CurveClassifier",
    "Curves",
    "Detection",
    "Detector",
    "Probe",
    "References",
    "Verdicts",
    "View",
    "judge",
    "threshold",
    "views_for",
]
