"""Pairs of a real and an attacked input, with the stop rules that decide what the two losses say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor

from isthmus.inputs.pairs import pairs_across, pairs_within, partners_within
from isthmus.landscapes import AbstractLandscape
from isthmus.making import TargetedAdam, attack
from isthmus.studies.pair_kinds.base import Count, Draws, Ends, Row
from isthmus.studies.pair_kinds.drawn import Drawn

OTHER_DRAW = 500_009  # so that pairs within a class are not drawn twice


class AttackedAcross(Drawn):
    """An input of the target class, and one of another class that was attacked until the network took it for the target
    (Sec. 4.2 of Vrabel et al. 2025).

    Attributes:
        stop: the loss at which the attack ends: "real", that of the pair's real end, which is the published rule and
            always gives the attacked end the lower loss; "matched", that of another real input of the class, drawn at
            random for every pair, so that attacked ends have losses as real ones have; "never"; or a number.
        max_steps: steps at most.
    """

    past: ClassVar[str] = "attacked"
    real: ClassVar[bool] = False  # attacked ends are made on the network

    kind: Literal["attacked"] = "attacked"
    stop: float | Literal["real", "matched", "never"] = "real"
    max_steps: Count = 512

    def draw(self, groups: Tensor, losses: Tensor, seed: int) -> Draws:
        ends = pairs_across(groups, losses, per_group=self.per_class, lowest=self.lowest_loss, seed=seed)
        return self._with_stops(ends, groups, losses, seed)

    def _with_stops(self, ends: Tensor, groups: Tensor, losses: Tensor, seed: int) -> Draws:
        target = groups[ends[:, 0]]
        if self.stop != "matched":
            return Draws(ends, target)
        partner = partners_within(groups, losses, ends[:, 0], lowest=self.lowest_loss, seed=seed)
        # Rounded, so that the pair is the same pair on a machine whose last digits differ.
        stop = torch.tensor([float(f"{loss:.4g}") for loss in losses[partner].tolist()], dtype=torch.float64)
        return Draws(ends, target, stop)

    def identity(self) -> dict[str, Any]:
        return {"kind": self.kind, "stop": self.stop, "max_steps": self.max_steps}

    def make(self, landscape: AbstractLandscape, a: Tensor, c: Tensor, target: Tensor, rows: Sequence[Row]) -> Ends:
        stop: float | Tensor | None = None
        if self.stop == "real":
            stop = landscape.loss(a, target).double().cpu()
        elif self.stop == "matched":
            stop = torch.tensor([row["stop"] for row in rows], dtype=torch.float64)
        elif self.stop != "never":
            stop = self.stop
        made = attack(landscape, c, target, method=TargetedAdam(max_steps=self.max_steps), stop=stop)
        return Ends(a, made.x.to(a), made.success & made.valid)


class AttackedWithin(AttackedAcross):
    """The same with a source that is of the target class already: the control that tells what an attack leaves behind
    from where its source lies. The pairs are others than those of the kind `within`. An input whose loss is below the
    stop from the start stays as it is: only with the stop "never" is every one of them attacked.
    """

    kind: Literal["attacked_within"] = "attacked_within"  # type: ignore[assignment]

    def draw(self, groups: Tensor, losses: Tensor, seed: int) -> Draws:
        ends = pairs_within(groups, losses, per_group=self.per_class, lowest=self.lowest_loss, seed=seed + OTHER_DRAW)
        return self._with_stops(ends, groups, losses, seed)
