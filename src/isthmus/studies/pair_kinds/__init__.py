"""Kinds of pairs: how a study draws its pairs, and where their ends come from. A line each in `registries`."""

from isthmus.studies.pair_kinds.attacked import AttackedAcross, AttackedWithin
from isthmus.studies.pair_kinds.base import Draws, Ends, Kind, MadeKind, ReadKind, Row
from isthmus.studies.pair_kinds.drawn import Across, Within
from isthmus.studies.pair_kinds.synthesized import SynthesizedWithin

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
