"""What comes from outside: names, numbers, types."""

from __future__ import annotations

import xml.dom.minidom

import pytest
import torch

import isthmus
from isthmus import percolation
from isthmus._core.files import write_csv
from isthmus._core.random import generator
from isthmus._core.text import no_formula, visible
from isthmus.errors import InputError, IsthmusError, IsthmusWarning

EVIL = "\x1b]0;pwned\x07\x1b[2J\x1b[31mx\u202e"


def test_control_characters_become_visible():
    assert visible(EVIL) == "�]0;pwned��[2J�[31mx�" and visible("naïve, 猫\n") == "naïve, 猫\n"


def test_names_reach_the_terminal_harmless(program, two, tmp_path):
    (tmp_path / f"{EVIL}.png").write_bytes(two[0].read_bytes())
    (tmp_path / "bad").mkdir()
    ran = program("connect", tmp_path / f"{EVIL}.png", tmp_path / "no\x07.png", "--out", tmp_path / "out")
    assert ran.code == 1 and "\x07" not in ran.err and "\x1b" not in ran.err
    ran = program("connect", tmp_path / f"{EVIL}.png", two[1], "--out", tmp_path / "out")
    assert ran.code == 0 and "\x1b]0" not in ran.out + ran.err
    xml.dom.minidom.parse(str(tmp_path / "out" / "profile.svg"))


def test_class_names_are_harmless_in_figures_and_tables(digits, digit_pairs, tmp_path):
    from isthmus.reports import profile_figure
    from isthmus.reports.style import save_figure

    (pair,) = isthmus.connect(digits, *(part[:1] for part in digit_pairs))
    save_figure(profile_figure(pair, class_names=[f"{EVIL}{k} <&>" for k in range(10)]), tmp_path / "a.svg")
    text = (tmp_path / "a.svg").read_text()
    assert "\x1b" not in text and "\x07" not in text
    xml.dom.minidom.parseString(text)


def test_tables_for_spreadsheets_hold_no_formulas(tmp_path):
    texts = ("=1+1", "+x", "-x", "@x", "x=1", "")
    assert [no_formula(text) for text in texts] == ["'=1+1", "'+x", "'-x", "'@x", "x=1", ""]
    write_csv(tmp_path / "t.csv", ["name", "value"], [{"name": "=HYPERLINK(1)", "value": -0.5}])
    assert (tmp_path / "t.csv").read_text() == "name,value\n'=HYPERLINK(1),-0.5\n"


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("kind", [torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64])
@pytest.mark.parametrize("classes", [130, 256, 300])
def test_small_whole_numbers_are_targets(kind, classes):
    landscape = isthmus.Landscape(isthmus.Network(torch.nn.Linear(4, classes)))
    assert landscape.loss(torch.rand(2, 4), torch.tensor([100, 3], dtype=kind)).shape == (2,)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    "target", [torch.tensor([True]), torch.tensor([0.0]), [0.0], torch.tensor([0j]), None, True, 2**70, [True]]
)
def test_what_is_no_target_is_refused(digits, target):
    x = torch.rand(1, 1, 8, 8)
    with pytest.raises(InputError, match="target must"):
        isthmus.connect(digits, x, x, target)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize("seed", [1.5, 2**64, "0", None, True])
def test_seeds_are_whole_numbers(digits, digit_pairs, seed):
    with pytest.raises(InputError, match="A seed must be a whole number"):
        generator(seed)
    with pytest.raises(InputError, match="seed must be a whole number"):
        isthmus.connect(digits, *(part[:1] for part in digit_pairs), seed=seed)


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(("threshold", "says"), [("0.5", "got '0.5'"), (float("nan"), "got nan"), ([1, 2, 3], "shape")])
def test_thresholds_are_numbers(digits, digit_pairs, threshold, says):
    with pytest.raises(InputError, match=says):
        isthmus.connect(digits, *(part[:2] for part in digit_pairs), threshold=threshold)


def test_a_target_that_is_seen_in_neither_end_is_said(digits, digit_pairs):
    a, c, y = (part[:4] for part in digit_pairs)
    with pytest.warns(IsthmusWarning, match="4 of 4 pairs the network sees the target in neither end"):
        isthmus.connect(digits, a, c, (y + 1) % 10)


@pytest.mark.parametrize(
    "vertices",
    [
        (torch.rand(3, 50) * 1e-4).half(),
        (torch.rand(3, 50) * 300).half(),
        (torch.rand(3, 50) * 300).bfloat16(),
        torch.rand(3, 50) * 1e20,
        torch.rand(3, 50) * 1e-24,
    ],
)
def test_geometry_of_coarse_and_extreme_numbers(vertices):
    mine, exact = isthmus.Polyline(vertices), isthmus.Polyline(vertices.double())
    assert mine.length == pytest.approx(exact.length, rel=1e-5)
    assert mine.direct_length == pytest.approx(exact.direct_length, rel=1e-5)
    assert mine.t.tolist() == pytest.approx(exact.t.tolist(), abs=1e-6)
    assert mine.deviation == pytest.approx(exact.deviation, rel=1e-4)


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16])
def test_networks_of_half_precision_are_not_certified(kind):
    model = torch.nn.Sequential(torch.nn.Linear(6, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3)).to(kind)
    landscape = isthmus.Landscape(isthmus.Network(model))
    x = torch.rand(2, 6)
    with pytest.raises(isthmus.IsthmusError, match="too coarse"):
        isthmus.connect(landscape, x[:1], x[1:], torch.tensor([0]), verify=isthmus.AffinePieces())


def test_memory_that_runs_out_while_certifying_stops_nothing():
    class Hungry(torch.nn.Module):
        def __init__(self, most):
            super().__init__()
            torch.manual_seed(0)
            self.body = torch.nn.Sequential(torch.nn.Linear(6, 16), torch.nn.ReLU(), torch.nn.Linear(16, 4))
            self.most = most

        def forward(self, x):
            if x.dtype == torch.float64 and len(x) > self.most:
                raise torch.OutOfMemoryError("out of memory")
            return self.body(x)

    x = torch.rand(24, 6)
    plenty, little, none = (isthmus.Landscape(isthmus.Network(Hungry(most)), max_batch="auto") for most in (999, 4, 0))
    y = plenty.logits(x[:12]).argmax(1)
    first = isthmus.connect(plenty, x[:12], x[12:], y, verify=isthmus.AffinePieces())
    again = isthmus.connect(little, x[:12], x[12:], y, verify=isthmus.AffinePieces())
    assert [pair.row() for pair in again] == [pair.row() for pair in first]
    with pytest.raises(isthmus.IsthmusError):
        isthmus.connect(none, x[:12], x[12:], y, verify=isthmus.AffinePieces())


@pytest.mark.usefixtures("as_installed")
@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda digits, x, y: digits.loss(x.to_sparse(), y), "plain tensor"),
        (lambda digits, x, y: digits.loss(x.to("meta"), y), "without numbers"),
        (lambda digits, x, y: isthmus.connect(digits, x.to_sparse(), x, y), "plain tensor"),
        (lambda digits, x, y: isthmus.connect(digits, x[..., :1, :1], x[..., :1, :1], y), "does not accept inputs"),
        (lambda digits, x, y: digits.loss(torch.rand(1, 1, 9, 9), y), "does not accept inputs of shape"),
        (lambda digits, x, y: isthmus.synthesize(digits, y, shape=(1, 9, 9)), "does not accept inputs of shape"),
        (lambda digits, x, y: isthmus.synthesize(digits, y, seed=1.5), "seed must be a whole number"),
        (lambda digits, x, y: isthmus.synthesize(digits, y, seed=None), "seed must be a whole number"),
        (lambda digits, x, y: isthmus.Landscape(digits.network, max_batch=None), "max_batch must"),
        (lambda digits, x, y: isthmus.Landscape(digits.network, max_batch=float("nan")), "max_batch must"),
        (lambda digits, x, y: isthmus.Landscape(digits.network, max_batch=float("inf")), "max_batch must"),
        (lambda digits, x, y: isthmus.detection.References.draw(digits, x, y, per_class=-1), "per_class must"),
        (lambda *_: percolation.Lattice("ab"), "sequence of whole numbers"),
        (lambda *_: percolation.Lattice(5), "sequence of whole numbers"),
        (lambda *_: percolation.Lattice((2.5, 3)), "sequence of whole numbers"),
        (lambda *_: percolation.sweep(percolation.Lattice((4, 4)), seed=1.5), "seed must be a whole number"),
        (lambda *_: percolation.sweep(percolation.Lattice((4, 4)), seed=-1), "whole number >= 0"),
        (lambda *_: percolation.sweep(percolation.Lattice((4, 4)), seed="a"), "seed must be a whole number"),
        (lambda *_: percolation.clusters_of([[True]]), "array of booleans"),
        (lambda *_: percolation.routes([[True]], pairs=3), "array of booleans"),
        (lambda *_: percolation.series_threshold("2", "site"), "a whole number"),
        (lambda *_: percolation.series_threshold(None, "bond"), "a whole number"),
        (lambda *_: percolation.series_threshold(3, "edge"), "'site' or 'bond'"),
    ],
)
def test_arguments_that_cannot_be_used(digits, digit_pairs, call, says):
    digits.loss(digit_pairs[0][:1], digit_pairs[2][:1])  # a network that has seen inputs already
    with pytest.raises(IsthmusError, match=says):
        call(digits, digit_pairs[0][:1], digit_pairs[2][:1])


def test_bounds_are_those_of_every_input():
    box = isthmus.Box(torch.zeros(2, 4), torch.ones(2, 4))
    with pytest.raises(InputError, match="those of every input"):
        box.contains(torch.rand(3, 4))
    assert bool(isthmus.Box(torch.zeros(1, 4), torch.ones(4)).contains(torch.rand(3, 4)).all())
