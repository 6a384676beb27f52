"""AdaptiveMesh: how surfaces are looked at and moved."""

from __future__ import annotations

from dataclasses import dataclass

from isthmus._core.annotated import as_annotated
from isthmus.connecting.connectors.stopping import Stopping
from isthmus.errors import InputError


@as_annotated
@dataclass(frozen=True, kw_only=True)
class AdaptiveMesh:
    """Looks at a surface on a coarse lattice, moves the nodes that are too high, and looks closer where it may matter.

    Attributes:
        first: level of the first lattice, which has 2^first cells a side.
        finest: level beyond which nothing is moved: what is above the threshold there is a tear.
        rounds: times that random points may find something that the lattices missed, and the work goes on.
        lifts: times that a surface that tears is tried again, pushed aside in its middle in a random direction: past a
            peak on which it stood upright.
        max_steps: steps that a node may take at a time.
        goal: a node is moved until its loss is at or below this share of the threshold.
        relax: how many times as long as a straight line asks for a step is.
        longest: no step is longer than this in normalised units, as the root of its mean square.
    """

    first: int = 3
    finest: int = 7
    rounds: int = 4
    lifts: int = 2
    max_steps: int = 16
    goal: float = 0.2
    relax: float = 2.0
    longest: float = 0.1

    def __post_init__(self) -> None:
        if not 1 <= self.first <= self.finest <= 10:
            raise InputError(f"AdaptiveMesh needs 1 <= first <= finest <= 10, got {self.first} and {self.finest}.")
        if self.rounds < 1 or self.lifts < 0 or not self.relax > 0 or not self.longest > 0:
            raise InputError(
                f"AdaptiveMesh needs rounds >= 1, lifts >= 0, relax > 0 and longest > 0, got {self.rounds}, "
                f"{self.lifts}, {self.relax} and {self.longest}."
            )
        Stopping(max_steps=self.max_steps, goal=self.goal)  # validates these two
