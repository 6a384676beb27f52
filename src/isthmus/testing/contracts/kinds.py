"""KindContract: what every kind of pairs must do."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod

import torch

from isthmus._core.random import generator
from isthmus.studies.pair_kinds import Kind


class KindContract(ABC):
    """A kind draws the same pairs from the same seed, for classes that take part, from inputs that do."""

    @abstractmethod
    def kind(self) -> Kind:
        """The kind under test."""

    def _inputs(self) -> tuple[torch.Tensor, torch.Tensor]:
        random = generator(2)
        groups = torch.arange(60) % 5
        groups[torch.randperm(60, generator=random)[:10]] = -1
        return groups, torch.rand(60, generator=random, dtype=torch.float64)

    def test_the_same_seed_draws_the_same(self) -> None:
        one, other = (self.kind().draw(*self._inputs(), 3) for _ in range(2))
        assert torch.equal(one.ends, other.ends) and torch.equal(one.target, other.target)

    def test_pairs_are_of_inputs_that_take_part(self) -> None:
        groups, losses = self._inputs()
        drawn = self.kind().draw(groups, losses, 0)
        assert drawn.ends.shape == (len(drawn.target), 2) and len(drawn.target)
        assert set(drawn.target.tolist()) <= set(groups[groups >= 0].tolist())
        if self.kind().reads:
            assert bool((groups[drawn.ends] >= 0).all()), "an input that takes no part was drawn"

    def test_it_can_be_written_down(self) -> None:
        kind = self.kind()
        json.dumps(kind.identity())
        assert type(kind).model_validate(kind.model_dump(mode="json")) == kind
        assert kind.label
