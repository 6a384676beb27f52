"""Pairs of real inputs: of one class, or across classes."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from torch import Tensor

from isthmus.inputs.pairs import pairs_across, pairs_within
from isthmus.studies.pair_kinds.base import Count, Draws, ReadKind


class Drawn(ReadKind):
    """Settings of the kinds that draw real inputs."""

    real: ClassVar[bool] = True

    per_class: Count = 10
    lowest_loss: Annotated[int, Field(ge=2)] | None = None


class Within(Drawn):
    """Two different inputs of one class, both recognised by the network."""

    kind: Literal["within"] = "within"

    def draw(self, groups: Tensor, losses: Tensor, seed: int) -> Draws:
        ends = pairs_within(groups, losses, per_group=self.per_class, lowest=self.lowest_loss, seed=seed)
        return Draws(ends, groups[ends[:, 0]])


class Across(Drawn):
    """An input of the target class, and one of another class: the control that has no low path to find.

    The second end lies above any low level: the threshold, relative to the higher end, says little here; the max loss
    does.
    """

    kind: Literal["across"] = "across"

    def draw(self, groups: Tensor, losses: Tensor, seed: int) -> Draws:
        ends = pairs_across(groups, losses, per_group=self.per_class, lowest=self.lowest_loss, seed=seed)
        return Draws(ends, groups[ends[:, 0]])
