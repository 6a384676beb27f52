from __future__ import annotations

import numpy as np
import pytest

from isthmus import IsthmusError
from isthmus.detection import Conformal


def test_p_values_by_hand():
    usual = Conformal.of(np.arange(19.0), np.zeros(19, int), 0.05)
    classes = np.zeros(4, int)
    assert usual.p_values(np.array([18.5, 18.0, -1.0, np.nan]), classes)[:3] == pytest.approx([1 / 20, 2 / 20, 1.0])
    assert np.isnan(usual.p_values(np.array([np.nan]), np.zeros(1, int)))[0]
    assert usual.thresholds(np.zeros(1, int), 0.05)[0] == 18
    assert usual.thresholds(np.zeros(1, int), 0.04)[0] == np.inf  # nineteen cannot show less than one in twenty


def test_each_class_is_compared_with_its_own_and_small_ones_with_all():
    scores, classes = (
        np.r_[np.arange(19.0), 100 + np.arange(19.0), 7.0],
        np.r_[np.zeros(19), np.ones(19), 2].astype(int),
    )
    usual = Conformal.of(scores, classes, 0.05)
    assert usual.pooled == [2]
    assert usual.p_values(np.array([50.0, 50.0, 50.0]), np.array([0, 1, 2])) == pytest.approx([1 / 20, 1, 20 / 40])


@pytest.mark.parametrize("fpr", [0.01, 0.05, 0.2])
def test_p_and_threshold_say_the_same(fpr):
    random = np.random.default_rng(3)
    usual = Conformal.of(random.normal(size=300).round(1), random.integers(0, 3, 300), fpr)
    scores, classes = random.normal(size=500).round(1), random.integers(0, 4, 500)
    assert ((usual.p_values(scores, classes) <= fpr) == (scores > usual.thresholds(classes, fpr))).all()


def test_clean_inputs_are_flagged_as_seldom_as_was_said():
    random = np.random.default_rng(5)
    flagged = [
        (
            Conformal.of(random.exponential(size=99), np.zeros(99, int), 0.1).p_values(
                random.exponential(size=50), np.zeros(50, int)
            )
            <= 0.1
        ).mean()
        for _ in range(200)
    ]
    assert np.mean(flagged) == pytest.approx(0.1, abs=0.01)


def test_a_rate_that_is_none():
    with pytest.raises(IsthmusError, match=r"\(0, 1\)"):
        Conformal.of(np.zeros(3), np.zeros(3, int), 0.0)
