"""Comparing: the same pairs on several networks, or with several methods, and how paths carry over."""

from isthmus.comparing.comparing import compare
from isthmus.comparing.comparison import MEASURES, Comparison, Difference
from isthmus.comparing.rows import Run, runs_of_connections, runs_of_study
from isthmus.comparing.transfer import KINDS, Transfer, transfers

__all__ = [
    "KINDS",
    "MEASURES",
    "Comparison",
    "Difference",
    "Run",
    "Transfer",
    "compare",
    "runs_of_connections",
    "runs_of_study",
    "transfers",
]
