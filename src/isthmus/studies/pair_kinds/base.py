"""What every kind of pairs is: a draw of pairs, and how their ends are made."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, TypeAlias

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from isthmus.landscapes import AbstractLandscape

Row: TypeAlias = Mapping[str, Any]
MOST = 10**9  # of anything that is counted
Count: TypeAlias = Annotated[int, Field(ge=1, le=MOST, strict=True)]


@dataclass(frozen=True, eq=False)
class Ends:
    """The ends a, c of pairs (n, *input), and whether they became what they were to be (n,): an attack may fail."""

    a: Tensor
    c: Tensor
    made: Tensor


@dataclass(frozen=True, eq=False)
class Draws:
    """Pairs (p): two numbers each (p, 2) and a target (p,). The numbers are those of inputs, or seeds of made ones.

    `stop` (p,) is, where a kind needs one of its own for every pair, the loss at which making an end stops.
    """

    ends: Tensor
    target: Tensor
    stop: Tensor | None = None


class Kind(BaseModel):
    """A way of drawing pairs from inputs of known class and loss. Every kind derives from one of the two below."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    reads: ClassVar[bool]  # whether the two numbers of a pair are those of inputs of the collection
    real: ClassVar[bool] = False  # whether the ends are inputs of the collection as they are, whatever the network
    past: ClassVar[str] = "drawn"  # what was done to the ends

    kind: str
    name: str | None = None  # what these pairs are called in tables; the kind, by default
    inputs: list[str] | None = None  # only on these; on all by default

    @property
    def label(self) -> str:
        """What the pairs are called."""
        return self.name or self.kind.rpartition(":")[2]

    @abstractmethod
    def draw(self, groups: Tensor, losses: Tensor, seed: int) -> Draws:
        """The pairs.

        Args:
            groups: class of each input (n,); -1 where it takes no part.
            losses: loss of each input for its class (n,).
            seed: of the draw.
        """

    def identity(self) -> dict[str, Any]:
        """What, beside the two numbers and the target, decides what the ends are."""
        return {"kind": self.kind}


class ReadKind(Kind):
    """A kind whose ends are inputs of the collection, or are made from them."""

    reads: ClassVar[bool] = True

    def make(self, landscape: AbstractLandscape, a: Tensor, c: Tensor, target: Tensor, rows: Sequence[Row]) -> Ends:
        """The ends of some pairs, from the inputs read for them; by default these.

        Args:
            landscape: of the pairs' network.
            a, c: inputs read for the two ends (n, *input).
            target: class of each pair (n,).
            rows: of the pair table: the two numbers `a_number` and `c_number` of each pair, and its `stop`.
        """
        return Ends(a, c, torch.ones(len(a), dtype=torch.bool))


class MadeKind(Kind):
    """A kind whose ends are made for the target, without any input of the collection."""

    reads: ClassVar[bool] = False

    @abstractmethod
    def make(self, landscape: AbstractLandscape, target: Tensor, rows: Sequence[Row]) -> Ends:
        """The ends of some pairs; the arguments are those of `ReadKind.make`."""
