"""Kinds of pairs: how a study draws its pairs, and where their ends come from.

A kind of your own is a subclass of `Kind`, named in `KINDS` and `AnyKind`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from isthmus.studies.kinds.attacked import Attacked, AttackedWithin
from isthmus.studies.kinds.base import Draws, Ends, Kind, Row
from isthmus.studies.kinds.drawn import Across, Within
from isthmus.studies.kinds.synthesized import Synthesized

__all__ = [
    "KINDS",
    "Across",
    "AnyKind",
    "Attacked",
    "AttackedWithin",
    "Draws",
    "Ends",
    "Kind",
    "Row",
    "Synthesized",
    "Within",
]

KINDS: dict[str, type[Kind]] = {
    "within": Within,
    "across": Across,
    "attacked": Attacked,
    "attacked_within": AttackedWithin,
    "synthesized": Synthesized,
}
AnyKind = Annotated[Within | Across | Attacked | AttackedWithin | Synthesized, Field(discriminator="kind")]
