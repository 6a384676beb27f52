"""ConnectorContract: what every method that connects must do. Inherit, return yours, and pytest runs it all.

class TestMyConnector(ConnectorContract):
    def connector(self):
        return MyConnector()
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import FrozenInstanceError, fields, is_dataclass
from typing import Any
from unittest import SkipTest

import torch

from isthmus.connecting import connect
from isthmus.connecting.connectors import AnyConnector
from isthmus.testing.landscapes import Disconnected, DoubleWell, ToyLandscape


class ConnectorContract(ABC):
    """What users rely on, whatever the method."""

    @abstractmethod
    def connector(self) -> AnyConnector:
        """The connector under test, with settings under which it does its work on smooth toy landscapes."""

    def pairs(self) -> tuple[ToyLandscape, torch.Tensor, torch.Tensor, torch.Tensor]:
        """A landscape and a few different pairs on it: a, c (n, *input) and target (n,)."""
        landscape = DoubleWell(dimensions=3)
        shift = torch.tensor([[0.0, 0.0, 0.0], [0.1, 0.05, 0.0], [-0.1, 0.0, 0.05], [0.0, 0.1, -0.1]]).double()
        return landscape, landscape.a + shift, landscape.c + shift.flip(0), torch.zeros(4, dtype=torch.long)

    def test_settings_are_frozen_and_keyword_only(self) -> None:
        connector: Any = self.connector()
        assert is_dataclass(connector), "a connector is a dataclass"
        assert all(field.kw_only for field in fields(connector)), "its settings are keyword-only"
        for field in fields(connector):
            try:
                setattr(connector, field.name, None)
            except FrozenInstanceError:
                continue
            raise AssertionError(f"setting {field.name} can be changed")

    def test_ends_are_returned_bit_for_bit(self) -> None:
        landscape, a, c, target = self.pairs()
        for pair, start, end in zip(connect(landscape, a, c, target, method=self.connector()), a, c, strict=True):
            assert torch.equal(pair.path.ends[0], start) and torch.equal(pair.path.ends[1], end)

    def test_every_path_lies_in_the_domain(self) -> None:
        landscape, a, c, target = self.pairs()
        for pair in connect(landscape, a, c, target, method=self.connector()):
            assert bool(landscape.domain.contains(pair.path.to_polyline().vertices).all())

    def test_batch_equals_loop(self) -> None:
        landscape, a, c, target = self.pairs()
        together = connect(landscape, a, c, target, method=self.connector())
        for number, pair in enumerate(together):
            one = slice(number, number + 1)
            (alone,) = connect(landscape, a[one], c[one], target[one], method=self.connector())
            assert abs(alone.profile.max_loss - pair.profile.max_loss) < 1e-4
            assert alone.outcome is pair.outcome and alone.forward_equivalents == pair.forward_equivalents

    def test_same_seed_same_path(self) -> None:
        landscape, a, c, target = self.pairs()
        first, second = (connect(landscape, a, c, target, method=self.connector(), seed=7) for _ in range(2))
        for one, other in zip(first, second, strict=True):
            tensors = other.path.tensors()
            assert all(torch.equal(each, tensors[name]) for name, each in one.path.tensors().items())

    def test_never_worse_than_the_direct_path(self) -> None:
        if self.connector().unconditional:
            raise SkipTest("the method is followed to its end whatever comes of it")
        landscape, a, c, target = self.pairs()
        for pair in connect(landscape, a, c, target, method=self.connector()):
            assert pair.profile.max_loss <= pair.direct.max_loss

    def test_does_not_connect_what_is_not_connected(self) -> None:
        landscape = Disconnected()
        (pair,) = connect(landscape, landscape.a, landscape.c, landscape.target, method=self.connector())
        assert not pair.connected and pair.profile.max_loss >= 0.999 * landscape.barrier

    def test_cost_is_counted(self) -> None:
        landscape, a, c, target = self.pairs()
        before = landscape.forward_equivalents
        found = connect(landscape, a, c, target, method=self.connector())
        assert sum(pair.forward_equivalents for pair in found) == landscape.forward_equivalents - before
