"""PGD: projected gradient steps inside a ball of given size around each input (Madry et al. 2018)."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from isthmus._geometry import expand_to, norms
from isthmus._shapes import Inputs, Losses, Targets
from isthmus.errors import InputError
from isthmus.landscape import AbstractLandscape
from isthmus.making.descent import Descended
from isthmus.making.method import AttackMethod
from isthmus.progress import Progress


@dataclass(frozen=True, kw_only=True)
class PGD(AttackMethod):
    """Steps along the gradient's sign (Linf) or direction (L2), projected onto the ball and the landscape's domain.

    Attributes:
        epsilon: radius of the ball, in data units.
        norm: infinity or 2.
        steps: gradient steps of each start.
        relative_step: step length / epsilon.
        restarts: starts at random points of the ball; the strongest result is kept.
        toward: whether the loss of the target is lowered (a targeted attack) or raised (away from one's own class).
        random_start: whether a start is a random point of the ball, or the source itself. One step of the length
            epsilon from the source is the fast gradient sign method (Goodfellow et al. 2015), which `fgsm` gives.
    """

    epsilon: float
    norm: float = math.inf
    steps: int = 20
    relative_step: float = 0.1
    restarts: int = 1
    toward: bool = False
    random_start: bool = True

    @classmethod
    def fgsm(cls, epsilon: float, *, toward: bool = False) -> PGD:
        """The fast gradient sign method."""
        return cls(epsilon=epsilon, steps=1, relative_step=1.0, random_start=False, toward=toward)

    def __post_init__(self) -> None:
        if not self.epsilon > 0 or self.steps < 1 or not self.relative_step > 0 or self.restarts < 1:
            raise InputError(
                "PGD needs epsilon > 0, steps >= 1, relative_step > 0 and restarts >= 1, got "
                f"{self.epsilon}, {self.steps}, {self.relative_step} and {self.restarts}."
            )
        if self.restarts > 1 and not self.random_start:
            raise InputError("PGD from the sources themselves has one start only; set restarts=1.")
        if self.norm not in (2, math.inf):
            raise InputError(f"PGD knows the norms 2 and infinity, got {self.norm}.")

    @property
    def targeted(self) -> bool:
        return self.toward

    @property
    def radius(self) -> tuple[float, float]:
        return self.epsilon, self.norm

    def run(
        self,
        landscape: AbstractLandscape,
        x: Inputs,
        target: Targets,
        *,
        stop: Losses,
        generator: torch.Generator,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> Descended:
        before = landscape.forward_equivalents
        source = landscape.prepare(x).detach()
        source = source.to(torch.promote_types(source.dtype, torch.float32))
        target, stop = target.to(source.device), stop.to(source.device)
        sign = 1.0 if self.toward else -1.0  # what is lowered is sign * loss
        best, best_loss = source.clone(), torch.full((len(x),), torch.inf, dtype=torch.float64, device=source.device)
        steps = torch.zeros(len(x), dtype=torch.long, device=source.device)
        total = self.restarts * self.steps
        with landscape.fixed():
            for restart in range(self.restarts):
                at = source.clone()
                if self.random_start:
                    at = self._project(landscape, source, source + self._noise(source, generator))
                for number in range(self.steps + 1):
                    loss, gradient = landscape.gradient(at, target, validated=True)
                    lower = sign * loss.double()
                    better = (lower < best_loss) & (best_loss > stop)  # what has reached its stop stays
                    best[better], best_loss[better] = at[better], lower[better]
                    if number == self.steps or bool((best_loss <= stop).all()):
                        break
                    steps += (best_loss > stop).long()
                    direction = gradient.sign() if self.norm == math.inf else _unit(gradient)
                    at = self._project(landscape, source, at - sign * self.relative_step * self.epsilon * direction)
                    if on_progress is not None:
                        done = len(x) * (restart * self.steps + number + 1) // total
                        on_progress(Progress(done, len(x), landscape.forward_equivalents - before))
        return Descended(best.to(x.dtype).cpu(), (sign * best_loss).cpu(), steps.cpu())

    def _noise(self, like: Inputs, generator: torch.Generator) -> Tensor:
        """A uniform point of the ball for each row."""
        if self.norm == math.inf:
            noise = 2 * torch.rand(like.shape, generator=generator) - 1
            return self.epsilon * noise.to(like)
        direction = _unit(torch.randn(like.shape, generator=generator))
        length = torch.rand(len(like), generator=generator) ** (1 / like[0].numel())
        return (self.epsilon * direction * expand_to(length, direction)).to(like)

    def _project(self, landscape: AbstractLandscape, source: Inputs, x: Inputs) -> Inputs:
        moved = x - source
        if self.norm == math.inf:
            moved = moved.clamp(-self.epsilon, self.epsilon)
        else:
            size = norms(moved).clamp_min(torch.finfo(torch.float64).tiny)
            moved = moved * expand_to((self.epsilon / size).clamp_max(1).to(moved.dtype), moved)
        # A box or ball that holds the source holds, of every point of the first ball, one that is no farther away.
        return landscape.domain.project(source + moved)


def _unit(x: Tensor) -> Tensor:
    """Rows scaled to length one; rows of zeros stay."""
    size = norms(x).clamp_min(torch.finfo(torch.float64).tiny)
    return x * expand_to((1 / size).to(x.dtype), x)
