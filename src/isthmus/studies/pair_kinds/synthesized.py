"""Pairs of inputs that were made from noise."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from isthmus.landscapes import AbstractLandscape
from isthmus.making import FromNoise, synthesize
from isthmus.studies.pair_kinds.base import Count, Draws, Ends, MadeKind, Row


class SynthesizedWithin(MadeKind):
    """Two inputs made from noise for one class (Sec. 4.1 and 4.3); no image is read, and untrained networks have them.

    Attributes:
        per_class: pairs of each class.
        classes: the classes; by default those of the inputs that the network recognises.
        max_steps: steps of the synthesis at most.
        tv: weight of the high-frequency penalty.
        highest_loss: a pair with an end above it counts as not made; by default the class must be predicted, no more.
    """

    past: ClassVar[str] = "synthesized"

    kind: Literal["synthesized"] = "synthesized"
    per_class: Count = 10
    classes: list[Annotated[int, Field(ge=0)]] | None = None
    max_steps: Count = 512
    tv: Annotated[float, Field(ge=0)] = 0.0
    highest_loss: Annotated[float, Field(gt=0)] | None = None

    def draw(self, groups: Tensor, losses: Tensor, seed: int) -> Draws:
        classes = self.classes
        if classes is None:
            classes = sorted({int(group) for group in groups.tolist() if group >= 0})
        first = seed * 2**31
        numbers = first + torch.arange(2 * len(classes) * self.per_class)
        return Draws(numbers.reshape(-1, 2), torch.tensor(classes).repeat_interleave(self.per_class))

    def identity(self) -> dict[str, Any]:
        return {"kind": self.kind, "max_steps": self.max_steps, "tv": self.tv, "highest_loss": self.highest_loss}

    def make(self, landscape: AbstractLandscape, target: Tensor, rows: Sequence[Row]) -> Ends:
        method = FromNoise(max_steps=self.max_steps, tv=self.tv)
        seeds = [int(row[end]) for row in rows for end in ("a_number", "c_number")]
        made = synthesize(landscape, target.repeat_interleave(2), seed=seeds, method=method)
        good = made.success if self.highest_loss is None else made.success & (made.loss <= self.highest_loss)
        return Ends(made.x[::2], made.x[1::2], good[::2] & good[1::2])
