"""LossContract: what every loss must do."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch

from isthmus._core.random import generator
from isthmus.landscapes.losses import Loss

CLASSES = 7


class LossContract(ABC):
    """A loss is one number an input, has a slope, and keeps what it says of itself."""

    @abstractmethod
    def loss(self) -> Loss:
        """The loss under test."""

    def _some(self, count: int = 64) -> tuple[torch.Tensor, torch.Tensor]:
        random = generator(3)
        logits = 4 * torch.randn((count, CLASSES), generator=random, dtype=torch.float64)
        return logits, torch.randint(CLASSES, (count,), generator=random)

    def test_every_input_has_its_own_loss(self) -> None:
        logits, target = self._some()
        together = self.loss()(logits, target)
        assert together.shape == target.shape and bool(together.isfinite().all())
        alone = torch.cat([self.loss()(logits[[row]], target[[row]]) for row in range(len(target))])
        assert torch.allclose(together, alone, atol=1e-12)

    def test_it_falls_as_the_target_rises(self) -> None:
        logits, target = self._some()
        raised = logits.clone()
        raised[torch.arange(len(target)), target] += 1
        assert bool((self.loss()(raised, target) <= self.loss()(logits, target) + 1e-12).all())

    def test_it_has_a_slope(self) -> None:
        logits, target = self._some()
        logits.requires_grad_()
        (slope,) = torch.autograd.grad(self.loss()(logits, target).sum(), logits)
        assert bool(slope.isfinite().all()) and bool((slope != 0).any())

    def test_convex_means_convex(self) -> None:
        if not self.loss().convex:
            from unittest import SkipTest

            raise SkipTest("the loss does not say that it is convex in the logits")
        logits, target = self._some()
        other = logits.flip(0)
        for share in (0.25, 0.5, 0.75):
            middle = self.loss()(torch.lerp(logits, other, share), target)
            chord = torch.lerp(self.loss()(logits, target), self.loss()(other, target), share)
            assert bool((middle <= chord + 1e-9).all())

    def test_it_does_not_change_by_more_than_it_says(self) -> None:
        logits, target = self._some()
        before, size = self.loss()(logits, target), 1e-4
        sign = torch.randint(2, logits.shape, generator=generator(4)) * 2 - 1
        moved = (self.loss()(logits + size * sign, target) - before).abs()
        for change, loss in zip(moved.tolist(), before.tolist(), strict=True):
            assert change <= 1.01 * self.loss().change(loss, size) + 1e-9

    def test_its_even_scale_rises_with_it_as_fast_as_it_says(self) -> None:
        losses = self.loss()(*self._some()).sort().values
        losses = losses[torch.cat([losses.diff() > 1e-6, torch.tensor([True])])]
        even, nearby = self.loss().on_even_scale(losses), self.loss().on_even_scale(losses + 1e-7)
        if even is None or nearby is None:
            from unittest import SkipTest

            raise SkipTest("the loss knows no even scale")
        assert bool((even.value.diff() > 0).all())
        assert torch.allclose((nearby.value - even.value) / 1e-7, even.slope, rtol=0.05)

    def test_its_unit_is_named(self) -> None:
        assert isinstance(self.loss().unit, str) and self.loss().unit
