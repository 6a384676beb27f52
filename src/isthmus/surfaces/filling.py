"""Filling: what came of one surface, and the words for how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isthmus._core.displayed import Plotted
from isthmus.certificates import Cells, Certificate
from isthmus.inputs.kinds import InputKind
from isthmus.surfaces.surface import Surface

Floats = NDArray[np.float64]
CERTIFICATE = {
    "certificate": "kind",
    "bound": "bound",
    "parts": "parts",
    "covers": "covers",
    "subject_to": "subject_to",
}


class Outcome(Enum):
    """How the work on a surface ended, in words."""

    FLAT = "filled already by the plain surface"
    FILLED = "filled"
    ABOVE_THRESHOLD = "not filled: points of it could not be brought below the threshold"
    TORN = "not filled: it tears, for neighbouring points went apart and what lies between them stays above"
    CORNER_ABOVE_THRESHOLD = "a corner itself is above the threshold"
    SIDE_ABOVE_THRESHOLD = "a side that is held is above the threshold"
    NOT_FINITE = "the loss is not finite somewhere on it"

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True, eq=False)
class SeenPoints:
    """Points of a surface that were evaluated: places u, v and losses (m,)."""

    u: Floats
    v: Floats
    loss: Floats

    def __len__(self) -> int:
        return len(self.loss)

    @property
    def highest(self) -> int:
        """Number of the point of the highest loss; of one that is no number, if there is one."""
        bad = np.flatnonzero(~np.isfinite(self.loss))
        return int(bad[0]) if len(bad) else int(self.loss.argmax())


@dataclass(frozen=True, eq=False, kw_only=True)
class Filling(Plotted):
    """What came of one surface.

    Attributes:
        surface: the surface, in data units, on the CPU.
        target: the class that the losses are about.
        threshold: the loss that a filled surface may reach.
        outcome: how the work ended.
        seen: every point of the surface as it is now that was looked at, the last random ones among them.
        flat: points of the plain surface, before anything was moved.
        class_kept: whether the target is predicted at all points seen.
        moved: nodes that were moved.
        steps: steps made, over all nodes.
        forward_equivalents: cost of everything done for it.
        certificate: where it was filled, what random points say of all others, or what was proven.
        eight_bits: highest loss of the last random points after rounding to 8 bits a number, where the domain is that
            of pixels; NaN elsewhere.
    """

    surface: Surface
    target: int
    threshold: float
    outcome: Outcome
    seen: SeenPoints
    flat: SeenPoints
    class_kept: bool
    moved: int
    steps: int
    forward_equivalents: int
    certificate: Certificate | None = None
    eight_bits: float = float("nan")
    input_kind: InputKind | None = None

    def __repr__(self) -> str:
        return (
            f"Filling({self.outcome}; target {self.target}, max loss {self.flat_max_loss:.4g} -> {self.max_loss:.4g}, "
            f"threshold {self.threshold:.4g})"
        )

    @property
    def filled(self) -> bool:
        """Whether the surface stays at or below the threshold, as far as it was looked at."""
        return self.outcome in (Outcome.FLAT, Outcome.FILLED)

    @property
    def proven(self) -> bool:
        """Whether a certificate says so of every point of the surface."""
        return self.filled and self.certificate is not None and self.certificate.whole

    @property
    def cells(self) -> Cells | None:
        """The cells of its proof, where one was tried."""
        return None if self.certificate is None else self.certificate.cells

    @property
    def max_loss(self) -> float:
        """Highest loss seen on the surface."""
        return float(self.seen.loss[self.seen.highest])

    @property
    def peak(self) -> tuple[float, float]:
        """Where it is: (u, v)."""
        place = self.seen.highest
        return float(self.seen.u[place]), float(self.seen.v[place])

    @property
    def flat_max_loss(self) -> float:
        """Highest loss seen on the plain surface; where no node was moved, it is the one that was looked at longer."""
        seen = float(self.flat.loss[self.flat.highest])
        return seen if self.moved else max(seen, self.max_loss)

    @property
    def flat_above(self) -> float:
        """Share of the points of the plain surface, evenly spaced, that are above the threshold."""
        return float((~(self.flat.loss <= self.threshold)).mean())

    def area_ratio(self) -> float:
        """Area of the surface / area of the plain one; computed when asked for."""
        plain = Surface(self.surface.loop).area()
        return self.surface.area() / plain if plain > 0 else float("nan")

    def row(self) -> dict[str, Any]:
        """The surface as a row of the table; `docs/tables.md` lists the columns."""
        u, v = self.peak
        return {
            "target": self.target,
            "threshold": self.threshold,
            "flat_max_loss": self.flat_max_loss,
            "flat_above": self.flat_above,
            "max_loss": self.max_loss,
            "peak_u": u,
            "peak_v": v,
            "filled": self.filled,
            "class_kept": self.class_kept,
            "outcome": self.outcome.name.lower(),
            "loop": self.surface.loop.kind,
            "area_ratio": self.area_ratio(),
            "moved": self.moved,
            "steps": self.steps,
            "points": len(self.seen),
            "forward_equivalents": self.forward_equivalents,
            **{
                name: None if self.certificate is None else getattr(self.certificate, part)
                for name, part in CERTIFICATE.items()
            },
            "eight_bits_max_loss": None if np.isnan(self.eight_bits) else self.eight_bits,
        }
