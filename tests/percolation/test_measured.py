from __future__ import annotations

import numpy as np
import pytest
import torch

from isthmus.paths import Flat
from isthmus.percolation import Field, GaussianField, measure
from isthmus.profiles import GridMap


@pytest.fixture(scope="module")
def planted():
    """Two basins with a wall between, most of the points of class 3, a tenth of them outside."""
    across, along = np.meshgrid(np.linspace(-1, 1, 21), np.linspace(-1, 1, 20))
    loss = (np.abs(across) - 0.6) ** 2 + 0.05 * along + 0.006 * np.random.default_rng(0).random(across.shape)
    predicted = np.where(np.arange(loss.size) < 0.9 * loss.size, 3, 1).reshape(loss.shape)
    inside = (np.arange(loss.size) >= 0.1 * loss.size).reshape(loss.shape)
    flat = Flat(torch.zeros(2), torch.eye(2))
    even = torch.linspace(-0.5, 0.5, 20), torch.linspace(-0.5, 0.5, 21)
    return GridMap(flat, even, 3, loss, predicted, inside)


def test_what_was_planted_is_measured(planted):
    found = measure(planted, [0.1, 0.5], draws=8)
    assert found.own.connection[0] == pytest.approx(0.5, abs=0.03)  # two basins of equal size
    assert found.own.components[0] == 2 and found.own.largest[0] == pytest.approx(0.5, abs=0.03)
    assert found.basins == 2  # the grain makes many more, which do not last
    assert found.class_share == 0.9 and found.class_connection == 1
    assert found.outside == pytest.approx(0.1)
    assert found.coarse is not None and found.coarse.components[0] == 2


def test_null_models_have_as_many_open_points(planted):
    found = measure(planted, [0.1, 0.5], draws=8)
    # At a share of .9 both null models are one cluster; at .1 neither is, and independent sites are nothing at all.
    assert found.class_gaussian > 0.97 and found.class_independent > 0.97
    assert found.independent.connection[0] < 0.1 < found.gaussian.connection[0] < 0.95
    assert found.independent.critical == pytest.approx(0.59, abs=0.08)
    assert len(found.gaussian.connection) == len(found.independent.connection) == len(found.second.connection) == 2


def test_the_null_of_the_null_is_drawn_apart(planted, monkeypatch):
    chequered = Field(np.add.outer(np.arange(20), np.arange(21)) % 2 + 1e-9 * np.arange(420.0).reshape(20, 21))
    monkeypatch.setattr(GaussianField, "second", lambda self, generator: chequered)
    found = measure(planted, [0.1, 0.5])
    assert found.second.connection[0] == 0 < found.gaussian.connection[0]


def test_the_same_seed_draws_the_same(planted):
    first, again, other = (measure(planted, [0.2], seed=seed) for seed in (1, 1, 2))
    assert first.gaussian.connection == again.gaussian.connection != other.gaussian.connection
    assert first.own.connection == other.own.connection
