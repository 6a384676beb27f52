"""Kinds of pairs: how a study draws its pairs, and where their ends come from. A line each in `registries`."""

from isthmus.studies.kinds.attacked import AttackedAcross, AttackedWithin
from isthmus.studies.kinds.base import Draws, Ends, Kind, MadeKind, ReadKind, Row
from isthmus.studies.kinds.drawn import Across, Within
from isthmus.studies.kinds.synthesized import SynthesizedWithin

__all__ = [
    "Across",
    "AttackedAcross",
    "AttackedWithin",
    "Draws",
    "Ends",
    "Kind",
    "MadeKind",
    "ReadKind",
    "Row",
    "SynthesizedWithin",
    "Within",
]
