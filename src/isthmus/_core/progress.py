"""Progress: what long work tells its caller on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Progress:
    """How far the work has come: pairs, or inputs, that are done, of how many, and what was spent."""

    done: int
    total: int
    forward_equivalents: int


OnProgress: TypeAlias = Callable[[Progress], None]
OnStage: TypeAlias = Callable[[str, int, int], None]  # what is done, how much of it, of how much
