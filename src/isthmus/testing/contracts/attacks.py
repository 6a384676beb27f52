"""AttackContract: what every attack must do."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch

from isthmus._core.random import generator
from isthmus.landscapes import AbstractLandscape
from isthmus.making import AttackMethod, attack
from isthmus.testing.contracts.certifiers import CertifierContract


class AttackContract(ABC):
    """An attack keeps to its ball and to the domain, and the same seed gives the same result."""

    @abstractmethod
    def attack(self) -> AttackMethod:
        """The attack under test."""

    def problem(self) -> tuple[AbstractLandscape, torch.Tensor, torch.Tensor]:
        """A landscape, inputs on it (n, *input), and the class given for each (n,)."""
        landscape = CertifierContract.landscape(self)  # type: ignore[arg-type]
        x = torch.rand((8, 6), generator=generator(9), dtype=torch.float64)
        own = landscape.logits(x).argmax(1)
        return landscape, x, (own + 1) % 4 if self.attack().targeted else own

    def test_it_keeps_its_bounds(self) -> None:
        landscape, x, target = self.problem()
        made = attack(landscape, x, target, method=self.attack())
        assert made.x.shape == x.shape and bool(made.valid.all())

    def test_it_goes_where_it_is_meant_to(self) -> None:
        landscape, x, target = self.problem()
        sign = 1 if self.attack().targeted else -1
        before = sign * landscape.loss(x, target)
        made = attack(landscape, x, target, method=self.attack())
        assert bool((sign * made.loss <= before + 1e-6).all()) and bool((sign * made.loss < before).any())

    def test_the_same_seed_gives_the_same(self) -> None:
        landscape, x, target = self.problem()
        one, other = (attack(landscape, x, target, method=self.attack(), seed=4) for _ in range(2))
        assert torch.equal(one.x, other.x)

    def test_what_was_given_stays(self) -> None:
        landscape, x, target = self.problem()
        before = x.clone()
        attack(landscape, x, target, method=self.attack())
        assert torch.equal(x, before)
