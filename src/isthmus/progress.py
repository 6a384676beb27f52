"""Progress: what long work tells its caller on the way."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Progress:
    """How far the work has come: pairs, or inputs, that are done, of how many, and what was spent."""

    done: int
    total: int
    forward_equivalents: int
