"""Percolation: thresholds of lattices, the conjecture on them, and landscapes of networks beside null models."""

from isthmus.findings.percolation.conjecture import Straightness, WithDimension, conjecture, conjecture_findings
from isthmus.findings.percolation.network import network_findings, summary
from isthmus.findings.percolation.slicing import Example, NetworkStudy, SliceRow, study_slices
from isthmus.findings.percolation.thresholds import threshold_findings, threshold_row

__all__ = [
    "Example",
    "NetworkStudy",
    "SliceRow",
    "Straightness",
    "WithDimension",
    "conjecture",
    "conjecture_findings",
    "network_findings",
    "study_slices",
    "summary",
    "threshold_findings",
    "threshold_row",
]
