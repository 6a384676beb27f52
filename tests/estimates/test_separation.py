from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from isthmus.estimates import match, separation


def classes(count: int, each: int) -> np.ndarray:
    return np.repeat(np.arange(count), each)


def test_auroc_with_ties_agrees_with_scikit_learn():
    random = np.random.default_rng(0)
    scores = random.integers(0, 6, 300).astype(float)  # many ties
    positive = random.random(300) < 0.3
    found = separation(scores, positive, classes(10, 30), random)
    assert found.auroc.value == pytest.approx(roc_auc_score(positive, scores))
    assert (found.positives, found.negatives, found.unknown) == (positive.sum(), (~positive).sum(), 0)


def test_by_hand():
    scores = np.array([1.0, 2.0, 2.0, 3.0, np.nan])
    positive = np.array([False, True, False, True, True])
    # Of four comparisons, 2 > 1, 3 > 1 and 3 > 2 are won, and 2 against 2 is half won.
    found = separation(scores, positive, np.array([0, 0, 1, 1, 1]), np.random.default_rng(0))
    assert found.auroc.value == pytest.approx(3.5 / 4) and found.unknown == 1


def test_what_cannot_be_compared_has_no_number():
    one = separation(np.arange(4.0), np.ones(4, dtype=bool), np.zeros(4, dtype=int), np.random.default_rng(0))
    assert np.isnan(one.auroc.value) and one.negatives == 0
    single = separation(np.arange(4.0), np.arange(4) > 1, np.zeros(4, dtype=int), np.random.default_rng(0))
    assert single.auroc.value == 1 and np.isnan(single.auroc.low)  # one class says nothing about others


def test_resamples_are_those_of_whole_classes():
    """The interval from counts equals that of scikit-learn on items that are repeated."""
    random = np.random.default_rng(1)
    cluster = classes(8, 12)
    positive = np.tile(np.arange(12) < 5, 8)
    scores = random.normal(size=96) + 0.8 * positive + np.repeat(random.normal(size=8), 12)
    found = separation(scores, positive, cluster, np.random.default_rng(7))
    times = np.random.default_rng(7).multinomial(8, np.full(8, 1 / 8), size=400)
    drawn = [roc_auc_score(positive, scores, sample_weight=each[cluster]) for each in times]
    assert (found.auroc.low, found.auroc.high) == pytest.approx(tuple(np.quantile(drawn, (0.025, 0.975))))


def test_the_interval_covers_what_it_should():
    """Classes shift the scores; an interval that took items as independent would be far too narrow."""
    random = np.random.default_rng(2)
    hits = 0
    for _ in range(200):
        effect = random.normal(size=20)
        positive = np.tile(np.arange(20) < 10, 20)
        gain = np.repeat(random.normal(0, 1.0, 20), 20)  # how well a class can be told apart differs
        scores = random.normal(size=400) + positive * gain + np.repeat(effect, 20) * 0
        found = separation(scores, positive, classes(20, 20), random).auroc
        hits += found.low <= 0.5 <= found.high
    assert 175 <= hits <= 199


def test_partners():
    distance = np.array([[0.1, 0.2, 9.0], [0.1, 9.0, 9.0], [np.nan, 0.3, 9.0]])
    found = match(distance, 0.25)
    assert sorted(map(tuple, found.tolist())) == [(0, 1), (1, 0)]  # two pairs rather than the nearest one
    assert len(match(distance, 0.05)) == 0
    assert sorted(map(tuple, match(distance, 0.35).tolist())) in ([(0, 0), (2, 1)], [(0, 1), (1, 0)], [(1, 0), (2, 1)])


def test_matching_takes_a_difference_away():
    random = np.random.default_rng(3)
    first, second = random.normal(0, 1, 400), random.normal(1, 1, 400)
    pairs = match(np.abs(first[:, None] - second[None]), 0.1)
    assert len(pairs) > 150 and len(set(pairs[:, 0].tolist())) == len(pairs)
    scores = np.concatenate([first[pairs[:, 0]], second[pairs[:, 1]]])
    kind = np.repeat([False, True], len(pairs))
    assert separation(scores, kind, np.arange(len(scores)) % 20, random).auroc.value == pytest.approx(0.5, abs=0.03)
