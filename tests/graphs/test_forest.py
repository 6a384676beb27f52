"""The forest: minimax, merges, components and persistence against plain enumeration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from isthmus.graphs import Forest


@st.composite
def weighted(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    n = draw(st.integers(1, 9))
    loss = np.array(draw(st.lists(st.sampled_from([-1.0, 0.0, 0.25, 0.5, 1.0]), min_size=n, max_size=n)))
    pairs = [(i, j) for i in range(n) for j in range(i + 1, n)]
    chosen = [pair for pair in pairs if draw(st.booleans())]
    extra = np.array([draw(st.sampled_from([0.0, 0.1, 0.1, 0.7, 2.0])) for _ in chosen])
    i, j = (np.array([pair[side] for pair in chosen], np.int64) for side in (0, 1))
    return loss, i, j, (np.maximum(loss[i], loss[j]) + extra if len(i) else np.zeros(0))


def enumerated(loss: np.ndarray, i: np.ndarray, j: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Minimax of all pairs by Floyd and Warshall."""
    n = len(loss)
    best = np.full((n, n), np.inf)
    best[i, j] = best[j, i] = weight
    np.fill_diagonal(best, loss)
    for k in range(n):
        best = np.minimum(best, np.maximum(best[:, k : k + 1], best[k : k + 1]))
    return best


@given(weighted())
@settings(max_examples=150, deadline=None)
def test_what_follows_from_the_forest_is_what_enumeration_finds(case: tuple) -> None:
    loss, i, j, weight = case
    n, true = len(loss), enumerated(*case)
    forest = Forest.spanning(loss, i, j, weight)
    for a in range(n):
        for b in range(n):
            assert forest.minimax(a, b) == true[a, b]
    upper = np.triu_indices(n, 1)
    assert np.array_equal(forest.all_minimax(), true[upper])
    ends = np.maximum(loss[upper[0]], loss[upper[1]])
    for slack in (0.0, 0.1, 1.0):
        assert forest.pairs_within(slack) == (true[upper] <= ends + slack).sum()
    for level in (-0.5, 0.3, 1.2):
        labels = forest.components(level)
        assert np.array_equal(labels >= 0, loss <= level)
        for a in range(n):
            for b in range(n):
                if labels[a] >= 0 and labels[b] >= 0:
                    assert (labels[a] == labels[b]) == (true[a, b] <= level)
        counts = np.bincount(labels[labels >= 0])
        assert (np.diff(counts) <= 0).all()  # the largest first


def test_merges_follow_the_elder_rule() -> None:
    #  losses 0, .3, .1; 0 - 1 at .5, 1 - 2 at .4
    forest = Forest.spanning(np.array([0.0, 0.3, 0.1]), np.array([0, 1]), np.array([1, 2]), np.array([0.5, 0.4]))
    merges = forest.merges
    assert merges.level.tolist() == [0.4, 0.5]
    assert merges.dies.tolist() == [1, 2]  # 1 ends in the basin of 2, and that in the one of 0
    assert merges.birth.tolist() == [0.3, 0.1]
    assert merges.left_size.tolist() == [1, 1]
    assert merges.right_size.tolist() == [1, 2]
    assert forest.smaller.tolist() == [1, 1]


def test_weights_that_are_no_numbers_take_no_part() -> None:
    forest = Forest.spanning(np.zeros(3), np.array([0, 1]), np.array([1, 2]), np.array([np.nan, np.inf]))
    assert len(forest) == 0
    assert forest.minimax(0, 2) == np.inf
    assert forest.route(0, 2) is None


def test_no_edge_is_lower_than_its_ends() -> None:
    forest = Forest.spanning(np.array([0.0, 0.5]), np.array([0]), np.array([1]), np.array([0.4999999]))
    assert forest.minimax(0, 1) == pytest.approx(0.5, abs=0)
