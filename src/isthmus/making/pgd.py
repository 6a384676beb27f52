"""PGD: projected gradient steps inside a ball of given size around each input (Madry et al. 2018)."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial

import torch
from torch import Tensor

from isthmus._core.annotated import as_annotated
from isthmus._core.geometry import expand_to, norms, unit
from isthmus._core.progress import OnProgress, Progress
from isthmus._core.shapes import Inputs, Losses, Targets
from isthmus.descents import Descended, Downhill, SignStep, UnitStep
from isthmus.errors import InputError
from isthmus.landscapes import AbstractLandscape
from isthmus.making.method import AttackMethod


@as_annotated
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
    def linf(
        cls,
        *,
        epsilon: float = 8 / 255,
        steps: int = 20,
        restarts: int = 1,
        relative_step: float = 0.1,
        toward: bool = False,
    ) -> PGD:
        """PGD in a ball of the largest change, by default 8/255 as is usual for images of [0, 1]."""
        return cls(epsilon=epsilon, steps=steps, restarts=restarts, relative_step=relative_step, toward=toward)

    @classmethod
    def l2(
        cls,
        *,
        epsilon: float = 0.5,
        steps: int = 20,
        restarts: int = 1,
        relative_step: float = 0.1,
        toward: bool = False,
    ) -> PGD:
        """PGD in a ball of Euclidean length, by default 0.5 as is usual for CIFAR-10."""
        made = cls.linf(epsilon=epsilon, steps=steps, restarts=restarts, relative_step=relative_step, toward=toward)
        return replace(made, norm=2)

    @classmethod
    def fgsm(cls, epsilon: float = 8 / 255, *, toward: bool = False) -> PGD:
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
        on_progress: OnProgress | None = None,
    ) -> Descended:
        source = landscape.prepare(x).detach()
        source = source.to(torch.promote_types(source.dtype, torch.float32))
        descent = Downhill(
            lr=self.relative_step * self.epsilon,
            max_steps=self.steps,
            rule=SignStep() if self.norm == math.inf else UnitStep(),
            sign=1.0 if self.toward else -1.0,
            normalised=False,
            project=partial(self._into_both, landscape),
        )
        best, best_loss = source.cpu().clone(), torch.full((len(x),), torch.inf, dtype=torch.float64)
        steps, flat = torch.zeros(len(x), dtype=torch.long), torch.zeros(len(x), dtype=torch.long)
        stop = stop.cpu()
        before = landscape.forward_equivalents
        for restart in range(self.restarts):
            start = source
            if self.random_start:
                noise = landscape.domain.free(self._noise(source, generator))
                start = self._into_both(landscape, source + noise, source)
            rows = (~(best_loss <= stop)).nonzero()[:, 0]  # what has reached its stop stays
            if not len(rows):
                break

            def tell(progress: Progress, restart: int = restart) -> None:
                if on_progress is not None:
                    done = (restart * len(x) + progress.done) // self.restarts
                    on_progress(Progress(done, len(x), landscape.forward_equivalents - before))

            here = rows.to(source.device)
            found = descent.run(
                landscape, start[here], target[rows], stop=stop[rows], held=source[here], on_progress=tell
            )
            lower = descent.sign * found.loss
            better = lower < best_loss[rows]
            best[rows[better]], best_loss[rows[better]] = found.x[better], lower[better]
            steps[rows] += found.steps
            flat[rows] += 0 if found.flat is None else found.flat
        return Descended(best.to(x.dtype), descent.sign * best_loss, steps, flat)

    def _noise(self, like: Inputs, generator: torch.Generator) -> Tensor:
        """A uniform point of the ball for each row."""
        if self.norm == math.inf:
            noise = 2 * torch.rand(like.shape, generator=generator) - 1
            return self.epsilon * noise.to(like)
        direction = unit(torch.randn(like.shape, generator=generator))
        length = torch.rand(len(like), generator=generator) ** (1 / like[0].numel())
        return (self.epsilon * direction * expand_to(length, direction)).to(like)

    def _into_both(self, landscape: AbstractLandscape, x: Inputs, source: Inputs) -> Inputs:
        """Points of both the balls and the domain.

        What a domain of another shape has moved out of the ball again is pulled towards its source, which lies in both:
        both are convex, so the way to it does too.
        """
        inside = landscape.domain.project(self._project(x, source))
        moved = (inside - source).double().flatten(1)
        far = moved.abs().amax(1) if self.norm == math.inf else moved.norm(dim=1)
        share = (self.epsilon / far.clamp_min(torch.finfo(torch.float64).tiny)).clamp_max(1)
        pulled = source + expand_to(share.to(inside.dtype), inside) * (inside - source)
        return torch.where(expand_to(share < 1 - 1e-6, inside), pulled, inside)

    def _project(self, x: Inputs, source: Inputs) -> Inputs:
        """The nearest points of the balls around the sources."""
        moved = x - source
        if self.norm == math.inf:
            moved = moved.clamp(-self.epsilon, self.epsilon)
        else:
            size = norms(moved).clamp_min(torch.finfo(torch.float64).tiny)
            moved = moved * expand_to((self.epsilon / size).clamp_max(1).to(moved.dtype), moved)
        return source + moved
