"""DomainContract: what every domain must do."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch

from isthmus._core.geometry import inner, norms
from isthmus._core.random import generator
from isthmus.landscapes.domains import Domain


class DomainContract(ABC):
    """A domain is closed and convex, and its projections are the nearest points."""

    shape: tuple[int, ...] = (5,)

    @abstractmethod
    def domain(self) -> Domain:
        """The domain under test, of inputs of the shape `shape`, neither empty nor everything far around it."""

    def _points(self, count: int = 32, seed: int = 1) -> torch.Tensor:
        return 3 * torch.randn((count, *self.shape), generator=generator(seed), dtype=torch.float64)

    def test_projections_lie_inside(self) -> None:
        inside = self.domain().project(self._points())
        assert bool(self.domain().contains(inside).all()) and float(self.domain().excess(inside).max()) <= 1e-6

    def test_what_lies_inside_stays(self) -> None:
        inside = self.domain().project(self._points())
        assert torch.allclose(self.domain().project(inside), inside, atol=1e-9)

    def test_no_point_of_it_is_nearer(self) -> None:
        x = self._points()
        nearest = norms(self.domain().project(x) - x)
        for seed in range(2, 12):
            other = self.domain().project(self._points(seed=seed))
            assert bool((norms(other - x) >= nearest - 1e-6).all())

    def test_it_is_convex(self) -> None:
        one, other = (self.domain().project(self._points(seed=seed)) for seed in (1, 2))
        assert bool(self.domain().contains((one + other) / 2).all())

    def test_excess_is_felt_outside(self) -> None:
        x = self._points()
        far = norms(self.domain().project(x) - x) > 1e-3
        assert bool((self.domain().excess(x)[far] > 0).all())

    def test_domain_and_hyperplane_together(self) -> None:
        through, normal = self.domain().project(self._points(seed=3)), self._points(seed=4)
        found = self.domain().project_to_plane(self._points(), through, normal)
        assert bool(self.domain().contains(found, 1e-5).all())
        height = inner(found - through, normal) / norms(normal)
        assert float(height.abs().max()) < 1e-4
        zero = self.domain().project_to_plane(self._points(), through, torch.zeros_like(normal))
        assert bool(self.domain().contains(zero, 1e-5).all())
