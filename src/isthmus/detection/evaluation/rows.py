"""Row: one line of an evaluation's table, as it stands in result.json."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from isthmus.detection.operating_point import Detection

Role = Literal["detector", "baseline", "control"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """How a score did against an attack.

    Attributes:
        role: "detector" for ours, "baseline" for published ones, "control" for what should explain nothing.
        name: of the score.
        attack: that it was tried on; the attacked inputs are the positive class.
        left_out: whether the score was learned without this attack.
        adaptive: whether the attack knew the detector.
        found: the numbers.
    """

    role: Role
    name: str
    attack: str
    left_out: bool
    adaptive: bool
    found: Detection

    def plain(self) -> dict[str, Any]:
        """The line, ready for JSON."""
        return {
            "role": self.role,
            "name": self.name,
            "attack": self.attack,
            "left_out": self.left_out,
            "adaptive": self.adaptive,
            "auroc": self.found.auroc.value,
            "auroc_low": self.found.auroc.low,
            "auroc_high": self.found.auroc.high,
            "tpr_at_5": self.found.tpr_at_5.value,
            "tpr_at_5_low": self.found.tpr_at_5.low,
            "tpr_at_5_high": self.found.tpr_at_5.high,
            "tpr_at_1": self.found.tpr_at_1.value,
            "sr_at_5": self.found.sr_at_5,
            "n_clean": self.found.n_clean,
            "n_attacked": self.found.n_attacked,
            "not_counted": self.found.unknown,
        }


def row_of(role: Role, name: str, attack: str, found: Detection, *, adaptive: bool = False) -> Row:
    """A line about an attack that was left out of the learning, or one that knew what was learned."""
    return Row(role=role, name=name, attack=attack, left_out=not adaptive, adaptive=adaptive, found=found)
