"""search: the forest of all candidates, however many are looked at in a round."""

from __future__ import annotations

import numpy as np
import torch

import isthmus
from isthmus.graphs.candidates import Candidates


def test_of_very_many_inputs_whole_rounds_are_looked_at_and_the_forest_is_the_same(monkeypatch):
    """Basins with saddles, as if 100 inputs were very many: fewer rounds, the same forest of all candidates."""
    import importlib

    module = importlib.import_module("isthmus.graphs.search")
    landscape = isthmus.testing.Basins(dimensions=2)
    x = torch.rand((100, 2), generator=torch.Generator().manual_seed(4), dtype=torch.float64) * 4 - 2
    straight = isthmus.StraightLine()

    def made(most):
        rounds = []
        graph = isthmus.barrier_graph(landscape, x, 0, method=straight, most=most, progress=lambda p: rounds.append(p))
        return graph, len(rounds)

    for most in (6, 100):
        with monkeypatch.context() as patch:
            patch.setattr(module, "LEAST", 1)
            few, slow = made(most)
            patch.setattr(module, "MANY", 10)
            many, fewer = made(most)
        assert np.allclose(few.tree.weight, many.tree.weight, atol=2e-3)
        assert len(many.edges) <= 1.3 * len(few.edges) + 20
        assert fewer < 0.7 * slow


def test_without_candidates_nothing_is_looked_at(monkeypatch):
    import importlib

    module = importlib.import_module("isthmus.graphs.search")
    monkeypatch.setattr(module, "MANY", 1)
    none = Candidates(*(np.zeros(0, kind) for kind in (np.int64, np.int64, np.float64)))
    assert len(module.search(np.zeros(5), none, lambda i, j: None, tolerance=0.0, budget=9)) == 0
