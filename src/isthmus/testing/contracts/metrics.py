"""MetricContract: what every metric must do."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from isthmus._core.random import generator
from isthmus.landscapes import AbstractLandscape, Landscape
from isthmus.metrics import AbstractMetric
from isthmus.networks.network import Network
from isthmus.paths import AbstractPath, Bezier, Polyline

SHAPE = (3, 2, 2)  # of an input: three channels
COUNT = 6


class MetricContract(ABC):
    """A metric's distances are distances, lengths add up, and what it pulls becomes shorter."""

    @abstractmethod
    def metric(self) -> AbstractMetric:
        """The metric under test."""

    def landscape(self) -> AbstractLandscape:
        """Where it measures; by default a small smooth network of inputs (3, 2, 2), with layers "0" to "3"."""
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(5)
            layers = nn.Sequential(nn.Flatten(), nn.Linear(12, 16), nn.Tanh(), nn.Linear(16, 5)).double()
        return Landscape(Network(layers, std=[0.2, 0.3, 0.5], input_shape=SHAPE))

    def _inputs(self, sets: int) -> list[Tensor]:
        shape = self.landscape().input_shape or SHAPE
        return list(torch.rand((sets, COUNT, *shape), generator=generator(11), dtype=torch.float64))

    def _paths(self) -> list[AbstractPath]:
        x = torch.stack(self._inputs(4), 1)
        return [Polyline(each) if number % 2 else Bezier(each) for number, each in enumerate(x)]

    def test_its_name_is_one_of_a_column(self) -> None:
        assert self.metric().name.isidentifier() and self.metric().unit

    def test_distances_are_distances(self) -> None:
        x, y, z = self._inputs(3)
        metric, landscape = self.metric(), self.landscape()
        there, back = metric.distance(landscape, x, y), metric.distance(landscape, y, x)
        assert there.shape == (COUNT,) and bool((there >= 0).all()) and bool(there.isfinite().all())
        assert torch.allclose(there, back, rtol=1e-9, atol=1e-9)
        assert float(metric.distance(landscape, x, x).max()) < 1e-6
        round_about = there + metric.distance(landscape, y, z)
        assert bool((metric.distance(landscape, x, z) <= round_about * (1 + 1e-9) + 1e-9).all())

    def test_no_path_is_shorter_than_the_distance_of_its_ends(self) -> None:
        metric, landscape, paths = self.metric(), self.landscape(), self._paths()
        ends = torch.stack([path.ends for path in paths])
        least = metric.distance(landscape, ends[:, 0], ends[:, 1])
        for extent, quick, bound in zip(
            metric.extents(landscape, paths), metric.lengths(landscape, paths), least, strict=True
        ):
            assert extent.length >= float(bound) * (1 - 1e-9)
            assert abs(float(quick) - extent.length) <= 0.05 * extent.length + extent.missing
            assert extent.direct_length >= float(bound) * (1 - 1e-9) and extent.apart >= 0

    def test_parts_add_up(self) -> None:
        x = torch.stack(self._inputs(3), 1)[:3]
        metric, landscape = self.metric(), self.landscape()
        whole = metric.extents(landscape, [Polyline(each) for each in x])
        first = metric.extents(landscape, [Polyline(each[:2]) for each in x])
        rest = metric.extents(landscape, [Polyline(each[1:]) for each in x])
        for all_of_it, *parts in zip(whole, first, rest, strict=True):
            missing = all_of_it.missing + sum(part.missing for part in parts)
            assert abs(all_of_it.length - sum(part.length for part in parts)) <= 0.01 * all_of_it.length + missing

    def test_many_are_measured_as_each_alone(self) -> None:
        metric, landscape, paths = self.metric(), self.landscape(), self._paths()
        for extent, path in zip(metric.extents(landscape, paths), paths, strict=True):
            (alone,) = metric.extents(landscape, [path])
            for name in ("length", "direct_length", "apart"):
                assert abs(getattr(alone, name) - getattr(extent, name)) <= 1e-6 * (1 + extent.length)

    def test_a_straight_path_lies_nowhere_apart(self) -> None:
        x, y = self._inputs(2)
        straight = [Polyline(torch.stack([a, (a + c) / 2, c])) for a, c in zip(x, y, strict=True)]
        for extent in self.metric().extents(self.landscape(), straight):
            assert abs(extent.length_ratio - 1) < 1e-3 and extent.deviation < 1e-3

    def test_what_is_pulled_becomes_shorter(self) -> None:
        x, left, right = self._inputs(3)
        metric, landscape = self.metric(), self.landscape()

        def way(at: Tensor) -> Tensor:
            return metric.distance(landscape, left, at) + metric.distance(landscape, at, right)

        feet = metric.feet(landscape, x, left, right)
        assert feet.shape == x.shape and bool(feet.isfinite().all())
        before, after = way(x), way(torch.lerp(x, feet.to(x), 0.1))
        assert bool((after <= before * (1 + 1e-9) + 1e-9).all()) and bool((after < before).any())
