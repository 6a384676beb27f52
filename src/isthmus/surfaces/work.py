"""Work: one loop while it is worked on."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import torch

from isthmus._core.geometry import norms
from isthmus.certificates import Certificate
from isthmus.landscapes.domains import Domain
from isthmus.surfaces.adaptive_mesh import AdaptiveMesh
from isthmus.surfaces.filling import Filling, Outcome, SeenPoints
from isthmus.surfaces.loops import Loop
from isthmus.surfaces.mesh import Flags, Floats, Mesh, Numbers
from isthmus.surfaces.surface import Surface


@dataclass(eq=False)
class Work:
    """One loop while it is worked on.

    Its random numbers are its own: which points are drawn has nothing to do with the others.
    """

    loop: Loop
    target: int
    method: AdaptiveMesh
    random: torch.Generator
    threshold: float = math.nan
    outcome: Outcome | None = None
    class_kept: bool = True
    lifts: int = 0
    failed: int = 0
    steps: int = 0
    cost: int = 0
    certificate: Certificate | None = None
    eight_bits: float = math.nan
    flat: SeenPoints | None = None
    checked: SeenPoints | None = None
    surface: Surface = field(init=False)
    mesh: Mesh = field(init=False)
    finest_moved: Flags = field(init=False)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """From the plain surface, of which nothing is known."""
        self.surface, self.outcome, self.checked = Surface(self.loop), None, None
        # One level below the finest one: there things are looked at, and not moved any more.
        self.mesh = Mesh(self.method.first, self.method.finest + 1, free=self.loop.free)
        self.finest_moved = np.zeros((2**self.method.finest + 1,) * 2, bool)

    def lift(self, domain: Domain) -> None:
        """Begins again with a surface whose middle is pushed aside, as far as its corners are from it on average."""
        self.begin()
        self.lifts += 1
        self.failed += 1
        middle = self.surface.at(0.5, 0.5)[None]
        aside = torch.randn(middle.shape, generator=self.random, dtype=torch.float64).to(middle)
        reach = norms(self.loop.corners - middle).mean() / norms(aside)
        self.surface.move(1, 1, 1, (domain.project(middle + reach.to(middle) * aside) - middle)[0])

    def see(self, level: int, i: Numbers, j: Numbers, loss: Floats, value: Floats, predicted: Numbers) -> None:
        # NaN stands for what nobody has looked at: a loss that is no number is kept as infinite.
        self.mesh.set(level, i, j, np.nan_to_num(loss, nan=np.inf), value, predicted != self.target)
        self.cost += len(i)
        if not np.isfinite(loss).all():
            self.outcome = Outcome.NOT_FINITE

    @property
    def highest(self) -> float:
        """Highest loss seen on the surface as it is now."""
        checked = () if self.checked is None else self.checked.loss
        return float(max(np.max(self.mesh.seen()[2]), np.max(checked, initial=-np.inf)))

    def filling(self) -> Filling:
        assert self.outcome is not None and self.flat is not None
        u, v, loss = self.mesh.seen()
        if self.checked is not None:
            u, v, loss = (np.concatenate([a, b]) for a, b in zip((u, v, loss), _parts(self.checked), strict=True))
        return Filling(
            surface=self.surface,
            target=self.target,
            threshold=self.threshold,
            outcome=self.outcome,
            seen=SeenPoints(u, v, loss),
            flat=self.flat,
            class_kept=self.class_kept and self.mesh.class_kept,
            moved=len(self.surface.nodes) - (self.lifts > 0),
            steps=self.steps,
            forward_equivalents=self.cost,
            certificate=self.certificate if self.outcome in (Outcome.FLAT, Outcome.FILLED) else None,
            eight_bits=self.eight_bits,
        )


def _parts(points: SeenPoints) -> tuple[Floats, Floats, Floats]:
    return points.u, points.v, points.loss
