"""Runs compared on the pairs that all of them have."""

from __future__ import annotations

import copy
import math
from dataclasses import replace

import numpy as np
import pytest
import torch

import isthmus
from isthmus.comparing import MEASURES, Comparison, Run, runs_of_study
from isthmus.comparing.transfer import mirrored
from isthmus.errors import InputError
from isthmus.paths import Polyline


@pytest.fixture(scope="module")
def straight(digits, digit_pairs):
    return isthmus.connect(digits, *digit_pairs, method=isthmus.StraightLine())


@pytest.fixture(scope="module")
def bent(digits, digit_pairs):
    return isthmus.connect(digits, *digit_pairs)


def test_the_same_pairs_in_any_order_and_number(digits, digit_pairs, straight, bent):
    a, c, y = digit_pairs
    order = torch.randperm(len(a), generator=torch.Generator().manual_seed(0))[:9]
    some = isthmus.connect(digits, a[order].double(), c[order].double(), y[order])
    found = isthmus.compare(bent, some, names=["all", "some"])
    assert len(found) == 9 and found.left_out == {"all": len(a) - 9, "some": 0}
    for pair, (one, other) in enumerate(found.places):
        assert order[other] == one
        assert found.values("target", 0)[pair] == int(y[one]) == found.values("target", 1)[pair]
    assert found.differences(["direct_max_loss"])[0].difference.value == pytest.approx(0, abs=1e-6)


def test_differences_are_those_of_the_pairs(straight, bent):
    found = isthmus.compare(straight, bent)
    assert found.names == ("StraightLine", "BarrierBypass") and found.by_class and found.other_targets == 0
    by = {each.measure: each for each in found.differences()}
    assert set(by) == set(MEASURES)
    apart = np.array([o.profile.max_loss - s.profile.max_loss for s, o in zip(straight, bent, strict=True)])
    assert by["max_loss"].difference.value == pytest.approx(np.median(apart))
    assert by["max_loss"].lower == np.mean(apart < 0) and by["max_loss"].higher == np.mean(apart > 0)
    connected = by["connected"]
    assert connected.value == np.mean([pair.connected for pair in bent]) and connected.statistic == "mean"
    assert connected.difference.value == pytest.approx(connected.value - connected.baseline_value)
    assert connected.difference.low < connected.difference.value < connected.difference.high
    other = {each.measure: each for each in found.differences(baseline="BarrierBypass")}
    assert other["connected"].difference.value == pytest.approx(-connected.difference.value)
    table = found.table().to_pylist()
    assert len(table) == 2 * len(found) and table[1]["run"] == "BarrierBypass" and table[0]["key"] == table[1]["key"]


def test_what_is_not_finite_is_left_out_and_counted(straight, bent):
    broken = bent[:3].pairs[0]
    lost = replace(broken.profile, loss=torch.full_like(broken.profile.loss, math.nan))
    with_lost = type(bent)((replace(broken, profile=lost), *bent.pairs[1:]), bent.description)
    (each,) = isthmus.compare(straight, with_lost).differences(["max_loss"])
    assert each.left_out == 1 and each.pairs == len(bent) - 1 and math.isfinite(each.difference.value)


def test_one_class_has_intervals_of_independent_pairs(digits, digit_images):
    x, y = digit_images
    eights = x[y == 8][:16]
    runs = [isthmus.connect(digits, eights[:8], eights[8:], 8, method=m) for m in (isthmus.StraightLine(), None)]
    found = isthmus.compare(*runs)
    assert not found.by_class and math.isfinite(found.differences(["deviation"])[0].difference.low)


def test_twice_the_same_pair_is_two_pairs(digits, digit_images):
    x, y = digit_images
    a, c = x[y == 8][:1].repeat(3, 1, 1, 1), x[y == 8][1:2].repeat(3, 1, 1, 1)
    found = isthmus.compare(isthmus.connect(digits, a, c, 8), isthmus.connect(digits, a[:2], c[:2], 8))
    assert len(found) == 2 and found.places == ((0, 0), (1, 1))


def test_paths_are_looked_at_on_every_landscape(digits, straight, bent):
    found = isthmus.compare({"bent": bent, "same": bent}, landscapes=[digits, digits])
    by = {(each.found_on, each.on, each.path): each for each in found.transfer}
    assert len(by) == 12
    moved = sum(pair.moved for pair in bent)
    for source, target in (("bent", "bent"), ("bent", "same")):
        there = by[source, target, "found"]
        assert there.pairs == moved and there.left_out == len(bent) - moved
        assert there.low.value == 1.0 and there.gap.value < 0.01
        assert by[source, target, "direct"].low.value == 0.0
        assert by[source, target, "mirrored"].low.value < 0.5  # the other side is no way around
        assert by[source, target, "mirrored"].gap.value > by[source, target, "direct"].gap.value


def test_the_other_network_has_the_last_word(digits, digit_pairs, bent):
    model = copy.deepcopy(digits.network.model)
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight += 0.1 * weight.std() * torch.randn_like(weight)
    shaken = isthmus.Network(model, mean=digits.network.mean.tolist(), std=digits.network.std.tolist(), name="shaken")
    other = isthmus.Landscape(shaken)
    there = isthmus.connect(other, *digit_pairs)
    found = isthmus.compare(bent, there, landscapes={"digits": digits, "shaken": other})
    by = {(each.found_on, each.on, each.path): each for each in found.transfer}
    moved = [pair for pair in bent if pair.moved]
    expected = [isthmus.profile(other, pair.path, pair.target).max_loss for pair in moved]
    limits = [own.threshold for own, pair in zip(there, bent, strict=True) if pair.moved]
    share = np.mean([top <= limit for top, limit in zip(expected, limits, strict=True)])
    assert by["digits", "shaken", "found"].low.value == pytest.approx(share) and 0 < share < 1


def test_the_mirrored_path_is_bent_as_far_to_the_other_side(digits):
    path = Polyline(torch.tensor([[0.0, 0.0], [0.5, 0.2], [1.0, 0.0]]))
    turned = mirrored(path, isthmus.Landscape(digits.network, domain=isthmus.Unbounded()))
    assert torch.allclose(turned.vertices, torch.tensor([[0.0, 0.0], [0.5, -0.2], [1.0, 0.0]]))
    boxed = mirrored(Polyline(torch.tensor([[0.1, 0.1], [0.5, 0.9], [0.9, 0.1]]).reshape(3, 1, 1, 2)), digits)
    assert torch.equal(boxed.vertices[1].flatten(), torch.tensor([0.5, 0.0]))  # as far as the domain goes
    assert torch.equal(boxed.vertices[0].flatten(), torch.tensor([0.1, 0.1]))


def test_networks_of_a_study_are_runs():
    def row(network, pair, loss, pair_id="one"):
        return {"network": network, "pair_id": pair_id, "pair": pair, "max_loss": loss, "target": 1}

    rows = [
        row("a", 0, 1.0),
        row("a", 1, 2.0, "two"),
        row("b", 2, 3.0),
        row("b", 3, None, "two"),
        row("b", 4, 5.0, None),
    ]
    one, other = runs_of_study(rows, prefix="s: ")
    assert (one.name, one.keys) == ("s: a", ("one", "two")) and (other.name, other.keys) == ("s: b", ("one",))


def test_names_tell_runs_apart(bent, straight):
    assert isthmus.compare(bent, bent).names == ("digits 1", "digits 2")
    with pytest.raises(InputError, match="2 different"):
        isthmus.compare(bent, straight, names=["a", "a"])


@pytest.mark.parametrize(
    ("runs", "given", "message"),
    [
        (1, {}, "at least two"), (2, {"names": ["a"]}, "2 different"), (2, {"landscapes": []}, "one for each run"),
        (0, {}, "at least two"),
    ],
)  # fmt: skip
def test_what_cannot_be_compared_is_refused(bent, runs, given, message):
    with pytest.raises(InputError, match=message):
        isthmus.compare(*[bent] * runs, **given)


@pytest.mark.usefixtures("as_installed")
def test_pairs_that_differ_are_not_compared(digits, digit_pairs, bent):
    a, c, y = digit_pairs
    turned = isthmus.connect(digits, c[:3], a[:3], y[:3])
    with pytest.raises(InputError, match="No pair is in all runs"):
        isthmus.compare(bent, turned)
    with pytest.raises(InputError, match="got a int"):
        isthmus.compare(bent, 3)
    found = isthmus.compare(bent, bent)
    with pytest.raises(InputError, match=r"measures must be some of.*'height'"):
        found.differences(["height"])
    with pytest.raises(InputError, match="baseline"):
        found.differences(baseline="nobody")


def test_folders_are_read(bent, straight, tmp_path):
    bent.save(tmp_path / "one")
    straight.save(tmp_path / "other")
    found = isthmus.compare(tmp_path / "one", str(tmp_path / "other"))
    assert len(found) == len(bent) and found.differences(["connected"])[0].difference.value < 0


def test_other_targets_are_counted(digits, digit_pairs, bent):
    a, c, y = digit_pairs
    with pytest.warns(isthmus.IsthmusWarning):
        other = isthmus.connect(digits, a[:2], c[:2], (y[:2] + 1) % 10, threshold=100.0)
    assert isthmus.compare(bent, other).other_targets == 2


def test_a_comparison_shows_itself(bent, straight, digits):
    import matplotlib.pyplot as plt

    found = isthmus.compare(straight, bent, landscapes=[digits, digits])
    html = found._repr_html_()
    assert "16 pairs in 2 runs" in html and "mirrored" in html and "<script" not in html
    axes = found.plot()
    assert [line.get_label() for line in axes.get_lines()] == ["StraightLine", "BarrierBypass"]
    plt.close("all")
    one = Run("a", ("k",), ({"target": 1, "max_loss": None},))
    assert "–" in Comparison(runs=(one, replace(one, name="b")), places=((0, 0),))._repr_html_()
