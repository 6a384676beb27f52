"""Kinds of pairs: how a study draws its pairs, and where their ends come from.

A kind of your own is a subclass of `Kind`, named in `KINDS` and `AnyKind`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import BaseModel, ConfigDict, Field
from torch import Tensor

from isthmus.inputs.pairs import pairs_across, pairs_within
from isthmus.landscape import AbstractLandscape
from isthmus.making import FromNoise, TargetedAdam, attack, synthesize


@dataclass(frozen=True, eq=False)
class Ends:
    """The ends a, c of pairs (n, *input), and whether they became what they were to be (n,): an attack may fail."""

    a: Tensor
    c: Tensor
    made: Tensor


@dataclass(frozen=True, eq=False)
class Draws:
    """Pairs (p): two numbers each (p, 2) and a target (p,). The numbers are those of inputs, or seeds of made ones."""

    ends: Tensor
    target: Tensor


class Kind(BaseModel):
    """A way of drawing pairs from inputs of known class and loss."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    reads: ClassVar[bool] = True  # whether the ends are inputs of the collection

    kind: str
    images: list[str] | None = None  # only on these; on all by default

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

    def make(
        self, landscape: AbstractLandscape, a: Tensor | None, c: Tensor | None, target: Tensor, ends: Sequence[Any]
    ) -> Ends:
        """The ends of some pairs, from the inputs read for them, if the kind reads any.

        Args:
            landscape: of the pairs' network.
            a, c: inputs read for the two ends (n, *input).
            target: class of each pair (n,).
            ends: the two numbers of each pair.
        """
        assert a is not None and c is not None
        return Ends(a, c, torch.ones(len(a), dtype=torch.bool))


class Drawn(Kind):
    """Settings of the kinds that draw real inputs."""

    per_class: Annotated[int, Field(ge=1)] = 10
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


class Attacked(Drawn):
    """An input of the target class, and one of another class that was attacked until the network took it for the target
    (Sec. 4.2 of Vrabel et al. 2025).

    Attributes:
        stop: the loss at which the attack ends: "real", that of the pair's real end, which is the published rule and
            always gives the attacked end the lower loss; "never"; or a number.
        max_steps: steps at most.
    """

    kind: Literal["attacked"] = "attacked"
    stop: float | Literal["real", "never"] = "real"
    max_steps: Annotated[int, Field(ge=1)] = 512

    def draw(self, groups: Tensor, losses: Tensor, seed: int) -> Draws:
        ends = pairs_across(groups, losses, per_group=self.per_class, lowest=self.lowest_loss, seed=seed)
        return Draws(ends, groups[ends[:, 0]])

    def identity(self) -> dict[str, Any]:
        return {"kind": self.kind, "stop": self.stop, "max_steps": self.max_steps}

    def make(
        self, landscape: AbstractLandscape, a: Tensor | None, c: Tensor | None, target: Tensor, ends: Sequence[Any]
    ) -> Ends:
        assert a is not None and c is not None
        stop: float | Tensor | None = landscape.loss(a, target).double().cpu() if self.stop == "real" else None
        if not isinstance(self.stop, str):
            stop = self.stop
        made = attack(landscape, c, target, method=TargetedAdam(max_steps=self.max_steps), stop=stop)
        return Ends(a, made.x.to(a), made.success & made.valid)


class Synthesized(Kind):
    """Two inputs made from noise for one class (Sec. 4.1 and 4.3); no image is read, and untrained networks have them.

    Attributes:
        per_class: pairs of each class.
        classes: the classes; by default those of the inputs that the network recognises.
        max_steps: steps of the synthesis at most.
        tv: weight of the high-frequency penalty.
    """

    reads: ClassVar[bool] = False

    kind: Literal["synthesized"] = "synthesized"
    per_class: Annotated[int, Field(ge=1)] = 10
    classes: list[Annotated[int, Field(ge=0)]] | None = None
    max_steps: Annotated[int, Field(ge=1)] = 512
    tv: Annotated[float, Field(ge=0)] = 0.0

    def draw(self, groups: Tensor, losses: Tensor, seed: int) -> Draws:
        classes = self.classes
        if classes is None:
            classes = sorted({int(group) for group in groups.tolist() if group >= 0})
        first = seed * 2**31
        numbers = first + torch.arange(2 * len(classes) * self.per_class)
        return Draws(numbers.reshape(-1, 2), torch.tensor(classes).repeat_interleave(self.per_class))

    def identity(self) -> dict[str, Any]:
        return {"kind": self.kind, "max_steps": self.max_steps, "tv": self.tv}

    def make(
        self, landscape: AbstractLandscape, a: Tensor | None, c: Tensor | None, target: Tensor, ends: Sequence[Any]
    ) -> Ends:
        method = FromNoise(max_steps=self.max_steps, tv=self.tv)
        seeds = [int(number) for pair in ends for number in pair]
        made = synthesize(landscape, target.repeat_interleave(2), seed=seeds, method=method)
        return Ends(made.x[::2], made.x[1::2], made.success[::2] & made.success[1::2])


KINDS: dict[str, type[Kind]] = {
    "within": Within,
    "across": Across,
    "attacked": Attacked,
    "synthesized": Synthesized,
}
AnyKind = Annotated[Within | Across | Attacked | Synthesized, Field(discriminator="kind")]
