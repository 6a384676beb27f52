from __future__ import annotations

import numpy as np
import pytest
import torch

from isthmus.detection import Probe, References, views_for
from isthmus.inputs.collection import digits as collection
from isthmus.making import PGD, attack

SMALL = Probe(references=2, points=4, views=views_for((1, 8, 8), mirror=False)[:2], view_points=2)


@pytest.fixture(scope="session")
def probe() -> Probe:
    return SMALL


@pytest.fixture(scope="session")
def pool() -> tuple[torch.Tensor, torch.Tensor]:
    given = collection(held_out=False)
    numbers = range(0, len(given), 4)
    x = torch.stack([given.read(number, None) for number in numbers])
    return x, torch.tensor([int(given.labels[number] or 0) for number in numbers])


@pytest.fixture(scope="session")
def references(digits, pool) -> References:
    return References.draw(digits, *pool, per_class=2, seed=0)


@pytest.fixture(scope="session")
def recognised(digits, digit_images) -> tuple[torch.Tensor, torch.Tensor]:
    x, y = digit_images
    right = digits.logits(x).argmax(1) == y
    return x[right], y[right]


@pytest.fixture(scope="session")
def attacked(digits, recognised) -> torch.Tensor:
    x, y = recognised
    made = attack(digits, x[::2], y[::2], method=PGD(epsilon=0.2, steps=10), seed=0)
    return made.x[made.success & made.valid]


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(0)
