"""Connection: what was found for one pair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

import torch

from isthmus._core.displayed import Plotted
from isthmus._core.registry import imported
from isthmus.certificates import Certificate
from isthmus.inputs.kinds import InputKind, kind_for
from isthmus.paths import AbstractPath, Polyline
from isthmus.profiles import Profile


class Outcome(Enum):
    """How the work on a pair ended, in words."""

    DIRECT = "connected already by the direct path"
    CONNECTED = "connected"
    ABOVE_THRESHOLD = "ended above the threshold"
    END_ABOVE_THRESHOLD = "an end itself is above the threshold"
    NOT_CERTIFIED = "connected as far as samples go, but it could not be certified"
    NOT_FINITE = "the loss is not finite somewhere on the path"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, eq=False, kw_only=True)
class Connection(Plotted):
    """What was found for one pair.

    Attributes:
        direct: profile of the direct path.
        profile: profile of the path found; the same object where the direct path was not changed.
        path: the path found, in data units, on the CPU.
        vertex_rounds: the round in which each vertex of a polyline was placed, 0 for the two ends; empty for paths that
            were moved as a whole.
        outcome: how the work ended.
        threshold: the loss that a connected path may reach.
        rounds: rounds of bypasses made.
        steps: optimiser steps made, over all segments of the pair.
        forward_equivalents: cost of everything done for the pair, profiles included.
        max_loss_after: max loss of the best path after 0, 1, 2, ... rounds; the first is that of the direct path. Where
            a path was moved on in the next round it is known to 5 % only.
        certificate: what was shown of the whole path found, where that was asked for and something could be shown.
        suspect: whether the method may have had nothing to follow: the path stayed above the threshold where
            gradients are zero, no numbers, or do not keep what they promise within a factor of 2.
        class_names: names of `seen_classes`, where the network has names.
        unit: of the losses.
        input_kind: what the inputs are, where that is known.
        measured: what `isthmus.measure` had to say of it, by the names of the columns.
    """

    direct: Profile
    profile: Profile
    path: AbstractPath
    vertex_rounds: tuple[int, ...]
    outcome: Outcome
    threshold: float
    rounds: int
    steps: int
    forward_equivalents: int
    max_loss_after: tuple[float, ...]
    certificate: Certificate | None = None
    suspect: bool = False
    class_names: Mapping[int, str] = field(default_factory=dict)
    unit: str = "nats"
    input_kind: InputKind | None = None
    measured: Mapping[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return (
            f"Connection({self.outcome}; target {self.target}, max loss {self.direct.max_loss:.4g} -> "
            f"{self.profile.max_loss:.4g}, threshold {self.threshold:.4g}, rounds {self.rounds})"
        )

    @property
    def target(self) -> int:
        """The class that the losses are about."""
        return self.direct.target

    def name_of(self, index: int) -> str:
        """The name of a class, or `class 7` where there is none."""
        return self.class_names.get(index, f"class {index}")

    @property
    def seen_classes(self) -> tuple[int, ...]:
        """The target, and every class that is among the five most probable somewhere on one of the two paths."""
        return seen_classes(self.direct, self.profile)

    @property
    def direct_connected(self) -> bool:
        """Whether the max loss of the direct path is at or below the threshold."""
        return self.direct.max_loss <= self.threshold and self.outcome is not Outcome.NOT_CERTIFIED

    @property
    def connected(self) -> bool:
        """Whether the max loss of the path found is at or below the threshold."""
        return self.outcome in (Outcome.DIRECT, Outcome.CONNECTED)

    @property
    def verdict(self) -> str:
        """How the work ended, in words, and what makes that doubtful."""
        return f"{self.outcome}, where gradients say nothing" if self.suspect else str(self.outcome)

    @property
    def moved(self) -> bool:
        """Whether the path found is another than the direct path."""
        return self.profile is not self.direct

    @property
    def aside_t(self) -> float | None:
        """Position on the path found of what B became: B', or what lies where B did; None for a direct path."""
        if not self.moved:
            return None
        bypass = self.first_bypass
        return self.direct.argmax_t if bypass is None else float(self.path.corners[bypass])

    @property
    def first_bypass(self) -> int | None:
        """Number of the vertex placed in the first round that is still there: B', or None for a direct path."""
        placed = [(number, vertex) for vertex, number in enumerate(self.vertex_rounds) if number]
        return min(placed)[1] if placed else None

    @property
    def certified(self) -> bool:
        """Whether the whole path found was shown to stay at or below the threshold."""
        return self.connected and self.certificate is not None and self.certificate.whole

    @property
    def class_connected(self) -> bool:
        """Whether the target is the predicted class all along the path found."""
        return self.profile.class_connected

    @property
    def drawn_as(self) -> InputKind:
        """The kind that draws the inputs of this pair: the one that is known or likely, and what differs first."""
        ends = self.path.ends
        return kind_for(self.input_kind, tuple(ends.shape[1:])).focused(ends)

    @property
    def direct_path(self) -> Polyline:
        """The straight segment A -> C."""
        return Polyline(self.path.ends)

    def widget(self) -> Any:
        """Both paths under a slider, in a cell of a notebook; see `Connections.widget`."""
        return imported("isthmus.reports.widget:widget")([self])

    def max_loss_after_rounds(self, rounds: int) -> float:
        """Max loss of the best path after so many rounds at most (Sec. 4.3); a pair that was done earlier stays so."""
        return self.max_loss_after[min(rounds, len(self.max_loss_after) - 1)]

    def row(self) -> dict[str, Any]:
        """The pair as a row of the table; `connecting.columns` lists the columns with their meanings."""
        from isthmus.connecting.columns import row_of

        return row_of(self)


def seen_classes(direct: Profile, found: Profile) -> tuple[int, ...]:
    """The target of two profiles, and every class that is among the five most probable somewhere on one of them."""
    logits = direct.logits if found is direct else torch.cat([direct.logits, found.logits])
    top = logits.topk(min(5, logits.shape[1]), dim=1).indices
    return tuple(sorted({direct.target, *top.flatten().tolist()}))
