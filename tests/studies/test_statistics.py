from __future__ import annotations

import math

import numpy as np
import pyarrow
import pytest

from isthmus.studies import summarize_study
from isthmus.studies.picking import pick
from isthmus.studies.rows import result_schema, skipped_table


def table(rows: list[dict]) -> pyarrow.Table:
    plain = {"network": "n", "inputs": "i", "kind": "within", "target": 0, "target_name": "class 0", "steps": 0}
    plain |= {"rounds": 0, "direct_connected": True, "connected": True, "class_connected": True, "outcome": "direct"}
    plain |= {"direct_max_loss": 1.0, "max_loss": 1.0, "direct_gap": 0.0, "gap": 0.0, "deviation": 0.0}
    plain |= {"threshold": 1.5, "forward_equivalents": 21}
    return pyarrow.Table.from_pylist(
        [plain | {"pair": number} | row for number, row in enumerate(rows)], schema=result_schema()
    )


def bypassed(rounds: int, **more) -> dict:
    found = {"rounds": rounds, "steps": 9, "direct_connected": False, "outcome": "connected", "deviation": 0.02}
    return found | more


def test_counts_and_quantiles():
    lost = {"outcome": "unreadable", "connected": None, "direct_connected": None, "max_loss": None, "rounds": None}
    nan = {"outcome": "not_finite", "max_loss": math.nan, "gap": math.nan, "connected": False}
    above = bypassed(4, outcome="above_threshold", connected=False, class_connected=False)
    rows = [{}, {}, {}, bypassed(1), bypassed(2, deviation=0.04), above, {"deviation": math.nan} | nan, lost]
    summary = summarize_study([table(rows[:4]), table(rows[4:]), skipped_table({"i": {"x.png": "broken"}})])
    (group,) = summary.groups
    assert summary.set_aside == 1
    assert (group.pairs, group.not_finite, group.unreadable) == (8, 1, 1)
    # Six pairs are counted: three direct, one after each of two rounds, and one never.
    assert [share.value for share in group.connected_after] == pytest.approx([3 / 6, 4 / 6, 5 / 6, 5 / 6, 5 / 6])
    assert group.class_connected.value == pytest.approx(5 / 6)
    assert group.deviation.value == pytest.approx((0.02 + 0.04 + 0.02) / 3)
    assert group.outcomes == {"above_threshold": 1, "connected": 2, "direct": 3, "not_finite": 1, "unreadable": 1}
    assert math.isnan(group.connected.low)  # one class says nothing about others


def test_an_end_above_the_threshold_still_counts_its_direct_path():
    rows = [{"connected": False, "direct_connected": False, "outcome": "end_above_threshold"}, {}]
    (group,) = summarize_study([table(rows)]).groups
    assert group.connected.value == group.connected_directly.value == 0.5


def test_intervals_respect_that_pairs_of_a_class_are_alike():
    """Ten classes that are all connected or not at all: a hundred pairs of each say no more than one."""
    rows = [
        {"target": target, "connected": target < 5, "direct_connected": target < 5, "max_loss": float(target)}
        for target in range(10)
        for _ in range(100)
    ]
    summary = summarize_study([table(rows)])
    (group,) = summary.groups
    assert group.connected.value == 0.5
    # The standard error over ten classes is 0.158; over a thousand pairs it would be 0.016.
    assert group.connected.low == pytest.approx(0.2, abs=0.11) and group.connected.high == pytest.approx(0.8, abs=0.11)
    assert group.medians["max_loss"].low < 3 and group.medians["max_loss"].high > 6
    assert [part.target for part in summary.classes] == list(range(10))
    one = summary.classes[7]
    assert one.pairs == 100 and one.connected.value == 0
    assert one.connected.high == pytest.approx(0.037, abs=0.001)  # Wilson's interval of 0 of 100


def test_the_interval_covers_what_it_should():
    """Classes drawn at random: the 95 % interval holds the true share in about 95 % of the draws."""
    random = np.random.default_rng(0)
    held = 0
    for seed in range(60):
        shares = random.beta(2, 2, size=40)
        rows = [
            {"target": target, "connected": bool(random.random() < share), "direct_connected": False}
            for target, share in enumerate(shares)
            for _ in range(10)
        ]
        (group,) = summarize_study([table(rows)], seed=seed).groups
        held += group.connected.low <= 0.5 <= group.connected.high
    assert 51 <= held <= 60


def test_the_median_interval_without_classes_is_that_of_order_statistics():
    rows = [{"target": target, "gap": float(number)} for target in (0, 1) for number in range(101)]
    one = summarize_study([table(rows)]).classes[0].medians["gap"]
    assert (one.value, one.low, one.high) == (50.0, 40.0, 60.0)  # ranks from the binomial distribution


def test_picks_are_best_median_worst():
    gaps = [0.3, 0.1, 0.5, 0.2, 0.4]
    rows = [bypassed(1, direct_gap=gap) for gap in gaps] + [{"max_loss": math.nan, "outcome": "not_finite"}]
    assert [(p.pair, p.rank) for p in pick([table(rows)])] == [(1, "best"), (2, "worst"), (0, "median")]
    rows[1] |= {"max_loss": 9.0, "connected": False}  # a path that stays too high is worse than any barrier
    found = pick([table(rows), skipped_table({"i": {"x": "y"}})])
    assert [(p.pair, p.rank) for p in found] == [(3, "best"), (1, "worst"), (4, "median")]
    assert pick([]) == []


def test_nothing_gives_nothing():
    assert summarize_study([]).groups == ()


def test_a_median_of_few_pairs_has_no_interval():
    rows = [{"gap": float(number)} for number in range(5)]
    one = summarize_study([table(rows)]).classes[0].medians["gap"]
    assert one.value == 2.0 and math.isnan(one.low) and math.isnan(one.high)


def test_of_two_pairs_one_is_best_and_one_is_worst():
    found = pick([table([bypassed(1, direct_gap=0.2), bypassed(1, direct_gap=0.1)])])
    assert [(p.pair, p.rank) for p in found] == [(1, "best"), (0, "worst")]
