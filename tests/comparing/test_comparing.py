"""Runs compared on the pairs that all of them have."""

from __future__ import annotations

import copy
import importlib
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


def shaken(digits, amount: float) -> isthmus.Landscape:
    """The embedded network with other weights: it sees nearly the same, in another landscape."""
    model = copy.deepcopy(digits.network.model)
    torch.manual_seed(0)
    with torch.no_grad():
        for weight in model.parameters():
            weight += amount * weight.std() * torch.randn_like(weight)
    network = isthmus.Network(model, mean=digits.network.mean.tolist(), std=digits.network.std.tolist(), name="shaken")
    return isthmus.Landscape(network)


def test_paths_are_looked_at_on_every_landscape(digits, straight, bent):
    found = isthmus.compare({"bent": bent, "same": bent}, landscapes=[digits, digits])
    by = {(each.found_on, each.on, each.path): each for each in found.transfer}
    assert len(by) == len(found.transfer) == 12 and all(each.blocked for each in found.transfer)
    moved = sum(pair.moved for pair in bent)
    for source, target in (("bent", "bent"), ("bent", "same")):
        there, other, direct = (by[source, target, kind] for kind in ("found", "mirrored", "direct"))
        assert there.pairs == moved and there.left_out == 0
        assert there.low.value == 1.0 and there.low.low < 0.9 and there.gap.value < 0.01  # eight pairs show no more
        assert direct.low.value == 0.0 and direct.less.value == 1.0
        assert other.low.value < 0.5 and other.less.value == 1 - other.low.value  # the other side is no way around
        assert other.gap.value > direct.gap.value and 0.5 < other.bent <= 1.0 and there.bent == 1.0


def test_the_other_network_has_the_last_word(digits, digit_pairs, bent):
    other = shaken(digits, 0.3)
    there = isthmus.connect(other, *digit_pairs)
    found = isthmus.compare(bent, there, landscapes={"digits": digits, "shaken": other})
    by = {(e.blocked, e.path): e for e in found.transfer if (e.found_on, e.on) == ("digits", "shaken")}
    moved = [(pair, own) for pair, own in zip(bent, there, strict=True) if pair.moved]
    for blocked in (True, False):
        some = [(pair, own) for pair, own in moved if own.direct_connected is not blocked]
        assert some, "the networks are too much alike to tell anything"
        low = [isthmus.profile(other, pair.path, pair.target).max_loss <= own.threshold for pair, own in some]
        assert by[blocked, "found"].low.value == pytest.approx(np.mean(low)) and by[blocked, "found"].pairs == len(some)
        assert by[blocked, "direct"].low.value == (0.0 if blocked else 1.0)


def test_paths_are_looked_at_as_well_as_the_run_did(digits, bent, monkeypatch):
    """The threshold that decides is known to the profile: no interval is left in which something above may be."""
    module = importlib.import_module("isthmus.comparing.transfer")
    seen = []

    def spy(*given, **named):
        seen.append(named["ceiling"].tolist())
        return profile_many(*given, **named)

    profile_many = module.profile_many
    monkeypatch.setattr(module, "profile_many", spy)
    module.transfers({"a": bent}, {"a": digits}, [[k] for k in range(len(bent))])
    assert seen == [[pair.threshold for pair in bent if pair.moved]]  # the mirrored ones: the run knows the others


def test_what_the_runs_know_is_not_looked_at_again(digits, digit_pairs, bent, monkeypatch):
    module = importlib.import_module("isthmus.comparing.transfer")
    other = shaken(digits, 0.1)
    runs = {"one": bent, "two": isthmus.connect(other, *digit_pairs)}
    given = (runs, {"one": digits, "two": other}, [[k, k] for k in range(len(bent))])

    def spent() -> int:
        return digits.forward_equivalents + other.forward_equivalents

    before = spent()
    short = module.transfers(*given)
    cost, before = spent() - before, spent()
    monkeypatch.setattr(module, "_known", lambda _, __, kind: "direct" if kind == "direct" else None)
    whole = module.transfers(*given)
    assert cost < 0.85 * (spent() - before)
    assert len(short) == len(whole) > 6
    for one, same in zip(short, whole, strict=True):
        assert (one.found_on, one.on, one.blocked, one.path, one.low) == (
            same.found_on, same.on, same.blocked, same.path, same.low,
        )  # fmt: skip
        assert one.gap.value == pytest.approx(same.gap.value, abs=1e-2) and one.bent == pytest.approx(same.bent)


def test_nothing_to_carry_over_is_said(digits, digit_pairs, straight):
    found = isthmus.compare([straight, straight], landscapes=[digits, digits])
    assert found.transfer == () and "nothing to carry over" in found._repr_html_()


@pytest.mark.usefixtures("as_installed")
def test_a_landscape_of_another_run_is_refused(digits, digit_pairs, bent):
    other = shaken(digits, 0.3)
    there = isthmus.connect(other, *digit_pairs)
    with pytest.raises(InputError, match=r"run 'one' is not the one it was made on: other weights"):
        isthmus.compare({"one": bent, "two": there}, landscapes=[other, digits])
    margin = isthmus.Landscape(digits.network, loss=isthmus.Margin())
    with pytest.raises(InputError, match="other loss"):
        isthmus.compare({"one": bent, "two": bent}, landscapes=[margin, digits])
    with pytest.raises(InputError, match="landscapes must be a sequence"):
        isthmus.compare(bent, bent, landscapes=digits)


def test_losses_of_different_units_are_not_subtracted(digits, digit_pairs, bent):
    margin = isthmus.Landscape(digits.network, loss=isthmus.Margin())
    found = isthmus.compare({"nats": bent, "logits": isthmus.connect(margin, *digit_pairs)})
    assert found.unit is None and "max_loss" not in found.measures
    assert {each.measure for each in found.differences()} == set(found.measures)
    with pytest.raises(InputError, match="different units"):
        found.differences(["max_loss"])
    assert "different units" in found._repr_html_()
    assert isthmus.compare(bent, bent).unit == "nats"


def test_a_run_does_not_differ_from_itself(digits, digit_images):
    x, y = digit_images
    eights = x[y == 8][:12]
    found = isthmus.connect(digits, eights[:6], eights[6:], 8)
    for each in isthmus.compare(found, found).differences():
        assert (each.difference.value, each.difference.low, each.difference.high) == (0.0, 0.0, 0.0)


def test_differences_of_shares_are_the_same_either_way(digits, digit_images):
    x, y = digit_images
    eights = x[y == 8][:24]
    runs = [
        isthmus.connect(digits, eights[:12], eights[12:], 8, threshold=t, method=isthmus.StraightLine())
        for t in (1e-3, 1)
    ]
    (one,), (other,) = (
        isthmus.compare(*each, names=["a", "b"]).differences(["connected"]) for each in (runs, runs[::-1])
    )
    assert one.difference.value == -other.difference.value != 0
    assert one.difference.low == pytest.approx(-other.difference.high)


def test_the_mirrored_path_is_bent_as_far_to_the_other_side(digits):
    path = Polyline(torch.tensor([[0.0, 0.0], [0.5, 0.2], [1.0, 0.0]]))
    turned = mirrored(path, isthmus.Landscape(digits.network, domain=isthmus.Unbounded()))
    assert torch.allclose(turned.vertices, torch.tensor([[0.0, 0.0], [0.5, -0.2], [1.0, 0.0]]))
    boxed = mirrored(Polyline(torch.tensor([[0.1, 0.1], [0.5, 0.9], [0.9, 0.1]]).reshape(3, 1, 1, 2)), digits)
    assert torch.equal(boxed.vertices[1].flatten(), torch.tensor([0.5, 0.0]))  # as far as the domain goes
    assert torch.equal(boxed.vertices[0].flatten(), torch.tensor([0.1, 0.1]))


def test_networks_of_a_study_are_runs():
    def row(network, pair, loss, pair_id="one", kind="within"):
        named = {"network": network, "pair_id": pair_id, "pair": pair, "kind": kind, "inputs": "digits"}
        return named | {"max_loss": loss, "target": 1}

    lost, aside = row("b", 3, None, "two"), row("b", 4, 5.0, None)
    rows = [row("a", 0, 1.0), row("a", 1, 2.0, "two"), row("b", 2, 3.0), lost, aside]
    one, other = runs_of_study(rows, {"a": "nats", "b": "logits"}, prefix="s: ")
    assert (one.name, one.keys, one.unit) == ("s: a", ("one", "two"), "nats")
    assert (other.name, other.keys, other.unit) == ("s: b", ("one",), "logits")
    both = [*rows, row("a", 5, 9.0, "three", "across")]
    with pytest.raises(InputError, match="several kind: say which of within, across"):
        runs_of_study(both, {})
    assert len(runs_of_study(both, {}, kind="across")) == 1
    with pytest.raises(InputError, match="no pairs of the inputs 'cifar'"):
        runs_of_study(rows, {}, inputs="cifar")


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


def test_texts_are_the_same_pair_on_every_network():
    """Each network has vectors of its own for them; a path through those of one is nothing to the other."""
    from kinds_of_inputs import Sentiment, Words, text_network

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        fresh = isthmus.TextNetwork(Sentiment(), Words(), length=6, class_names=["bad", "good"])
    runs, landscapes = {}, {}
    for name, network in (("trained", text_network()), ("fresh", fresh)):
        landscapes[name] = isthmus.Landscape(network)
        a, c = (network.embed(texts) for texts in (["a good film", "great plot"], ["the plot was fine", "a fine film"]))
        runs[name] = isthmus.connect(landscapes[name], a, c, "good", threshold=2.0)
    found = isthmus.compare(runs)
    assert len(found) == 2 and found.left_out == {"trained": 0, "fresh": 0}
    with pytest.raises(InputError, match="cannot be looked at on 'fresh'"):
        isthmus.compare(runs, landscapes=landscapes)


def test_vectors_beside_a_text_are_no_text(tmp_path):
    """The nearest tokens of a point near a text are that text, and it is another input all the same."""
    from kinds_of_inputs import text_network

    network = text_network()
    landscape = isthmus.Landscape(network)
    a, c = network.embed(["a good film"]), network.embed(["the plot was fine"])
    near = a + 0.01 * torch.randn(a.shape, generator=torch.Generator().manual_seed(0))
    assert network.texts(near) == network.texts(a)
    clean, moved = (isthmus.connect(landscape, x, c, "good", threshold=2.0) for x in (a, near))
    with pytest.raises(InputError, match="No pair is in all runs"):
        isthmus.compare({"clean": clean, "moved": moved})
    clean.save(tmp_path / "run")  # read again, it has no vocabulary
    assert len(isthmus.compare({"memory": clean, "file": tmp_path / "run"})) == 1
    with pytest.raises(InputError, match="No pair is in all runs"):
        isthmus.compare({"moved": moved, "file": isthmus.Connections.load(tmp_path / "run")})


def test_rows_of_older_tables_are_read():
    row = {"pair_id": "a", "max_loss": 1.0, "kind": "within", "images": "digits", "network": "n"}
    assert [run.name for run in runs_of_study([row], {"n": "nats"}, inputs="digits")] == ["n"]


def test_numbers_of_rows_are_the_same_whatever_paths_may_change():
    """Ranges, held features and the label say nothing of what a number is; a spread does, and no kind says nothing."""
    from isthmus.inputs.kinds import Table

    rows = {"age": [20.0, 50.0, 30.0, 60.0], "income": [1.0, 5.0, 2.0, 6.0]}
    table, held = Table.of(rows), Table.of(rows, held=["age"])
    other = Table.of({**rows, "income": [2.0, 10.0, 4.0, 12.0]})
    x = table.encode(rows)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = torch.nn.Sequential(torch.nn.Linear(2, 4), torch.nn.ReLU(), torch.nn.Linear(4, 2))

    def run(kind):
        landscape = isthmus.Landscape(isthmus.Network(module, input_kind=kind), domain=isthmus.Box(-9, 9))
        return landscape, isthmus.connect(landscape, x[:2], x[2:], 1, threshold=10.0)

    def compared(first, second):
        both = [run(first), run(second)]
        return isthmus.compare([each for _, each in both], names="ab", landscapes=[each for each, _ in both])

    assert len(compared(table, held)) == 2
    with pytest.raises(InputError, match="the same numbers are another input there"):
        compared(table, other)
    with pytest.raises(InputError, match="on 'b': it does not say that its inputs are rows"):
        compared(table, None)


def test_a_page_draws_a_curve_for_each_run(bent, straight):
    import json
    import re

    from isthmus.reports.comparison_run import comparison_page

    html = comparison_page(isthmus.compare(bent, straight))
    data = json.loads(re.search(r'id="data">(.*?)</script>', html, re.DOTALL)[1])
    (chart,) = data["charts"]
    (panel,) = chart["panels"]
    assert [key["name"] for key in panel["keys"]] == ["BarrierBypass", "StraightLine"]
    for mark in panel["marks"]:
        assert mark["y"][-1] == 100 and mark["y"] == sorted(mark["y"]) and mark["x"] == sorted(mark["x"])


def test_a_comparison_is_saved_as_the_program_saves_it(bent, straight, tmp_path):
    import json

    from isthmus.errors import OutputError

    found = isthmus.compare(bent, straight)
    found.save(tmp_path / "out")
    names = {"index.html", "comparison.png", "comparison.svg", "table.parquet", "result.json", "manifest.json"}
    assert {file.name for file in (tmp_path / "out").iterdir()} >= names - {"manifest.json"}
    assert json.loads((tmp_path / "out" / "result.json").read_text())["pairs"] == len(found)
    with pytest.raises(OutputError, match="not empty"):
        found.save(tmp_path / "out")
    found.save(tmp_path / "out", overwrite=True)
