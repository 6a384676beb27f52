"""Somebody else's attack: random changes, of which those that help are kept."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from isthmus.descents import Descended
from isthmus.making import AttackMethod


@dataclass(frozen=True, kw_only=True)
class RandomSearch(AttackMethod):
    epsilon: float = 0.3
    steps: int = 200
    toward: bool = False

    @property
    def targeted(self):
        return self.toward

    @property
    def radius(self):
        return self.epsilon, float("inf")

    def run(self, landscape, x, target, *, stop, generator, on_progress=None):
        sign = 1.0 if self.toward else -1.0
        best = x.clone()
        best_loss = sign * landscape.loss(x, target).double().cpu()
        for _ in range(self.steps):
            noise = self.epsilon * torch.sign(torch.randn(x.shape, generator=generator)).to(x)
            keep = torch.rand(x.shape, generator=generator).to(x) < 0.7
            tried = landscape.domain.project(torch.where(keep, best, x + noise))
            loss = sign * landscape.loss(tried, target).double().cpu()
            better = (loss < best_loss) & (best_loss > stop)
            best[better], best_loss[better] = tried[better], loss[better]
        return Descended(best, sign * best_loss, torch.full((len(x),), self.steps))
