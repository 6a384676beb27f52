"""Comparisons of kinds of pairs, on rows where the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from isthmus.experiments.adversarial.comparisons import KINDS, REAL, compare
from isthmus.experiments.adversarial.pairs import NUMBERS, PairTable, gap_after, low_end, matched


def pairs(count: int, seed: int, *, end: float = 0.0, gap: float = 0.0, length: float = 0.0) -> PairTable:
    """Random pairs; C's loss, the gap and the distance are shifted by so much (losses and distance in logarithms)."""
    random = np.random.default_rng(seed)
    a, c = np.exp(random.normal(-3, 1, count)), np.exp(random.normal(-3 + end, 1, count))
    columns = {name: np.zeros(count) for name in NUMBERS}
    columns |= {
        "a_loss": a,
        "c_loss": c,
        "direct_length": np.exp(random.normal(2 + length, 0.3, count)),
        "direct_gap": np.exp(random.normal(-1 + gap, 0.5, count)),
    }
    columns["direct_max_loss"] = columns["direct_gap"] + np.maximum(a, c)
    for rounds in (1, 2, 3):
        columns[f"max_loss_after_{rounds}"] = np.maximum(a, c) + columns["direct_gap"] / 10**rounds
    return PairTable(np.arange(count) % 20, columns)


def test_a_score_that_the_losses_explain_is_gone_among_matched_pairs():
    """Planted: only the loss of the end differs; the gap follows it."""
    real, other = pairs(400, 0), pairs(400, 1, end=-1.5)
    for each in (real, other):
        each.columns["direct_gap"][:] = 1 / (each.columns["a_loss"] * each.columns["c_loss"])
    compared = {(each.kind, each.subset): each for each in compare({REAL: real} | dict.fromkeys(KINDS, other), 0)}
    whole = compared["attacked", "all pairs"].scores
    assert whole["low_end"].auroc.low > 0.75 and whole["direct_gap"].auroc.low > 0.7
    same = compared["attacked", "same losses of the ends"]
    assert same.pairs == same.real > 60
    assert same.scores["low_end"].auroc.value == pytest.approx(0.5, abs=0.08)
    assert same.scores["direct_gap"].auroc.value == pytest.approx(0.5, abs=0.08)


def test_a_score_of_its_own_stays_among_matched_pairs():
    real, other = pairs(400, 2), pairs(400, 3, end=-1.0, gap=1.5, length=0.3)
    compared = {(each.kind, each.subset): each for each in compare({REAL: real} | dict.fromkeys(KINDS, other), 0)}
    both = compared["attacked", "same losses and distance"]
    assert both.pairs > 40 and both.scores["direct_gap"].auroc.low > 0.8
    assert both.scores["direct_length"].auroc.value == pytest.approx(0.5, abs=0.1)


def test_matched_pairs_are_alike_one_to_one():
    real, other = pairs(150, 4), pairs(100, 5, end=-0.5, length=0.2)
    mine, its = matched(real, other, losses=True, length=True)
    assert len(mine) == len(its) > 10
    for name in ("a_loss", "c_loss"):
        apart = np.abs(np.log10(np.maximum(mine.columns[name], 1e-4)) - np.log10(np.maximum(its.columns[name], 1e-4)))
        assert apart.max() <= 0.15 + 1e-9
    assert np.abs(np.log(mine.columns["direct_length"] / its.columns["direct_length"])).max() <= 0.05 + 1e-9
    # A pair that is turned keeps everything but the order of its ends.
    known = {round(float(gap), 12) for gap in real.columns["direct_gap"]}
    assert {round(float(gap), 12) for gap in mine.columns["direct_gap"]} <= known


def test_scores_by_hand():
    some = pairs(3, 6)
    some.columns["a_loss"][:], some.columns["c_loss"][:] = [0.1, 0.2, 0.3], [0.4, 0.1, 0.3]
    some.columns["max_loss_after_2"][:] = [0.5, 0.2, 1.3]
    assert gap_after(2)(some) == pytest.approx([0.1, 0.0, 1.0])
    assert low_end(some) == pytest.approx([-0.4, -0.1, -0.3])
    turned = some.turned(np.array([True, False, False]))
    assert low_end(turned) == pytest.approx([-0.1, -0.1, -0.3])


def test_rows_without_numbers_are_left_out():
    rows = [dict.fromkeys(NUMBERS, 1.0) | {"kind": kind, "target": 1} for kind in ("x", "y", "x")]
    rows[2]["max_loss"] = None  # not made
    assert len(PairTable.of(rows, "x")) == 1


def test_nothing_to_compare_is_no_crash():
    nobody = pairs(0, 7)
    compared = compare({REAL: pairs(20, 8)} | dict.fromkeys(KINDS, nobody), 0)
    assert all(np.isnan(each.scores["direct_gap"].auroc.value) and each.pairs == 0 for each in compared)


def test_one_class_is_said_before_any_work(tmp_path, digit_folder, program):
    import shutil

    shutil.copytree(digit_folder / "4", tmp_path / "images" / "4")
    ran = program("paper", "adversarial", "--out", tmp_path / "out", "--inputs", tmp_path / "images", "--device", "cpu")
    assert ran.code == 1 and "two classes or more" in ran.err.splitlines()[-1] and "Traceback" not in ran.err
    assert not list((tmp_path / "out" / "study").glob("shards/*.parquet"))


def test_every_input_of_the_class_is_attacked_and_the_pairs_are_others(tmp_path):
    from isthmus.experiments.adversarial import Adversarial
    from isthmus.experiments.adversarial.comparisons import REAL, SAME
    from isthmus.experiments.setting import Setting
    from isthmus.inputs.collection import digits
    from isthmus.studies import parse_config

    config = parse_config(Adversarial().study(Setting(), tmp_path))
    kinds = {kind.label: kind for kind in config.pairs}
    assert kinds[SAME].stop == "never" and kinds[SAME].max_steps == kinds["attacked, run on"].max_steps
    import torch

    groups = torch.tensor([int(label) for label in digits().labels])
    drawn = [
        set(map(tuple, kinds[name].draw(groups, torch.rand(len(groups)), 0).ends.tolist())) for name in (REAL, SAME)
    ]
    assert len(drawn[0] & drawn[1]) < 0.1 * len(drawn[0])
