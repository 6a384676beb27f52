"""Kinds of pairs: how a study draws its pairs, and where their ends come from.

A kind of your own is a subclass of `Kind`, named in `KINDS` and `AnyKind`.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from isthmus.inputs.pairs import pairs_across, pairs_within


class Kind(BaseModel):
    """A way of drawing pairs from inputs of known class and loss."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    images: list[str] | None = None  # only on these; on all by default

    @abstractmethod
    def draw(self, groups: Tensor, losses: Tensor, seed: int) -> Tensor:
        """Numbers of the ends of each pair (p, 2); the target is the class of the first.

        Args:
            groups: class of each input (n,); -1 where it takes no part.
            losses: loss of each input for its class (n,).
            seed: of the draw.
        """


class Drawn(Kind):
    """Settings of the kinds that draw real inputs."""

    per_class: Annotated[int, Field(ge=1)] = 10
    lowest_loss: Annotated[int, Field(ge=2)] | None = None


class Within(Drawn):
    """Two different inputs of one class, both recognised by the network."""

    kind: Literal["within"] = "within"

    def draw(self, groups: Tensor, losses: Tensor, seed: int) -> Tensor:
        return pairs_within(groups, losses, per_group=self.per_class, lowest=self.lowest_loss, seed=seed)


class Across(Drawn):
    """An input of the target class, and one of another class: the control that has no low path to find.

    The second end lies above any low level: the threshold, relative to the higher end, says little here; the gap and
    the max loss do.
    """

    kind: Literal["across"] = "across"

    def draw(self, groups: Tensor, losses: Tensor, seed: int) -> Tensor:
        return pairs_across(groups, losses, per_group=self.per_class, lowest=self.lowest_loss, seed=seed)


KINDS: dict[str, type[Kind]] = {"within": Within, "across": Across}
AnyKind = Annotated[Within | Across, Field(discriminator="kind")]
