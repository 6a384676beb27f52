"""Detection (Sec. 4.2.1): what an evaluation of detectors has found, in words, tables and a figure."""

from isthmus.findings.detection.findings import detection_findings

__all__ = ["detection_findings"]
