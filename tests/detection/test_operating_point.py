from __future__ import annotations

import math

import numpy as np
import pytest

from isthmus import IsthmusError
from isthmus.detection import judge, threshold


def judged(clean, attacked, random, **more):
    clean, attacked = np.array(clean, float), np.array(attacked, float)
    return judge(clean, attacked, np.arange(len(clean)) % 4, np.arange(len(attacked)) % 4, random, **more)


def test_the_threshold_by_hand():
    clean = np.arange(20.0)
    assert threshold(clean, 0.05) == 18  # one of twenty lies above
    assert threshold(clean, 0.0) == 19
    assert threshold(clean, 0.049) == 19
    assert threshold(clean, 0.1) == 17
    assert threshold(np.append(clean, np.nan), 0.05) == 18
    with pytest.raises(IsthmusError, match=r"\[0, 1\)"):
        threshold(clean, 1.0)
    with pytest.raises(IsthmusError, match="none that is finite"):
        threshold(np.array([np.nan]), 0.05)


def test_equal_scores_are_never_parted():
    clean = np.array([1.0] * 15 + [2.0] * 5)
    assert threshold(clean, 0.05) == 2  # one of five twos may be flagged, so none is
    assert (clean > threshold(clean, 0.25)).mean() == 0.25


def test_numbers_by_hand(random):
    found = judged(np.arange(20.0), [18.5, 17.5, 25.0, 18.0], random, success=0.8)
    assert found.auroc.value == pytest.approx((19 + 18 + 20 + 18.5) / 80)
    assert found.tpr_at_5.value == 0.5 and found.tpr_at_1.value == 0.25
    assert found.sr_at_5 == pytest.approx(0.8 * 0.5)
    assert (found.n_clean, found.n_attacked, found.unknown) == (20, 4, 0)


def test_ties_count_one_half_and_flag_nobody(random):
    found = judged([1.0] * 20, [1.0] * 8, random)
    assert found.auroc.value == 0.5 and found.tpr_at_5.value == 0 and found.sr_at_5 == 1


def test_a_score_that_is_not_finite_is_counted_and_never_averaged(random):
    found = judged([*range(20), math.nan], [30.0, math.nan, math.inf], random)
    assert found.unknown == 3 and (found.n_clean, found.n_attacked) == (20, 1)
    assert found.auroc.value == 1 and found.tpr_at_5.value == 1


def test_one_kind_alone_gives_no_number(random):
    for clean, attacked in (([1.0, 2.0], []), ([], [1.0, 2.0])):
        found = judged(clean, attacked, random)
        assert math.isnan(found.auroc.value) and math.isnan(found.tpr_at_5.value) and math.isnan(found.sr_at_5)


def test_intervals_hold_the_value_and_grow_with_fewer_classes(random):
    clean, attacked = random.normal(0, 1, 400), random.normal(1, 1, 400)
    many = judge(clean, attacked, np.arange(400) % 40, np.arange(400) % 40, np.random.default_rng(1))
    few = judge(clean, attacked, np.arange(400) % 3, np.arange(400) % 3, np.random.default_rng(1))
    for found in (many, few):
        for estimate in (found.auroc, found.tpr_at_5, found.tpr_at_1):
            assert estimate.low <= estimate.value <= estimate.high
    alone = judge(clean, attacked, np.zeros(400, int), np.zeros(400, int), np.random.default_rng(1))
    assert math.isnan(alone.auroc.low)  # one class says nothing of others
