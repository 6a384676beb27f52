"""measure: further columns of connections, in Python, saved and read, on the command line, in studies."""

from __future__ import annotations

import json

import pytest
import torch

import isthmus
from isthmus.connecting import AsKept, Measurement, as_kept
from isthmus.connecting.columns import described_column, measured_column
from isthmus.connecting.measuring import Added
from isthmus.errors import InputError, SpecError, UnknownNameError
from isthmus.metrics import Features, Fisher, LInf


@pytest.fixture(scope="module")
def found(digits, digit_pairs):
    return isthmus.connect(digits, *digit_pairs)


def test_columns_and_values_are_kept_with_the_pairs(digits, found, tmp_path):
    measured = isthmus.measure(digits, found, LInf(), Fisher(), AsKept())
    loaded = isthmus.Connections.load(measured.save(tmp_path / "saved"))
    again = isthmus.Connections.load(loaded.save(tmp_path / "again"))
    extents = LInf().extents(digits, [pair.path for pair in found])
    for each in (measured, loaded, again, measured[:3]):
        table = each.table()
        for row, extent in zip(table.to_pylist(), extents, strict=False):
            assert row["deviation_linf"] == extent.deviation and row["length_ratio_linf"] == extent.length_ratio
            assert row["kept"].startswith(("connected", "not connected")) and row["kept_connected"] in (True, False)
        assert table.column_names[-9:-6] == ["direct_length_linf", "length_ratio_linf", "deviation_linf"]
        assert [column.meaning for column in each.extra] == [column.meaning for column in measured.extra]
    assert loaded[2].measured == measured[2].measured
    assert found[0].measured == {} and "deviation_linf" not in found.table().column_names
    html = isthmus.reports.page(loaded)
    assert "deviation_linf" in html


def test_two_columns_of_one_name_are_refused(digits, found):
    with pytest.raises(InputError, match="column of one name: deviation_linf"):
        isthmus.measure(digits, found, LInf(), LInf())
    with pytest.raises(SpecError, match="column of one name"):
        Added.of(["kept", "kept"])

    class Sly(Measurement):
        @property
        def columns(self):
            return (measured_column("threshold", "float64", "not what the table calls so"),)

        def values(self, landscape, found):
            return [{"threshold": -1.0} for _ in found]

    with pytest.raises(InputError, match="column of one name: threshold"):
        isthmus.measure(digits, found, Sly())


def test_what_was_measured_before_is_measured_anew(digits, found):
    once = isthmus.measure(digits, found, LInf(), Fisher())
    again = isthmus.measure(digits, once, LInf())
    assert sorted(again.table().column_names) == sorted(once.table().column_names)
    assert again.table()["deviation_linf"].to_pylist() == once.table()["deviation_linf"].to_pylist()


def test_shortened_paths_do_not_keep_what_was_measured_of_the_old_ones(digits, found):
    short = isthmus.shorten(digits, isthmus.measure(digits, found, LInf(), AsKept()))
    assert all(pair.measured == {} for pair in short) and "deviation_linf" not in short.table().column_names
    assert "deviation_linf" in isthmus.measure(digits, short, LInf()).table().column_names


def test_nothing_at_all_can_be_measured(digits, found):
    assert len(isthmus.measure(digits, found[:0], Fisher(), AsKept())) == 0
    assert isthmus.measure(digits, found).table() == found.table()


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("linf:layer3", "known are l2"),
        ("features", "known are l2"),
        ("linff", "known are l2, linf, per-channel, features:LAYER, fisher, kept"),
        ("py:torch:ones", "could not be made|expected a column"),
        ("py:nowhere:Metric", "could not be loaded"),
    ],
)
def test_names_that_mean_nothing_are_refused(name, says):
    with pytest.raises((UnknownNameError, SpecError), match=says):
        Added.of([name])


def test_of_images_the_highest_points_are_rounded(digits, found):
    kept = as_kept(digits, found)
    for pair, each in zip(found, kept, strict=True):
        assert len(each.t) <= 8 + len(pair.path.corners) and set(pair.path.corners.tolist()) <= set(each.t.tolist())
        assert pair.profile.argmax_t in each.t.tolist()
        x = pair.path.at(each.t)
        rounded = (x * 255).round() / 255
        rounded[[0, -1]] = x[[0, -1]]
        loss = digits.loss(rounded, torch.full((len(x),), pair.target))
        assert torch.allclose(loss.double(), each.loss, atol=1e-6)


def test_a_path_that_rounding_lifts_is_told(digits, found):
    """A threshold between the highest loss of the path and that of its rounded points."""
    kept = as_kept(digits, found)
    pair, each = max(zip(found, kept, strict=True), key=lambda both: both[1].max_loss - both[0].profile.max_loss)
    assert each.max_loss > pair.profile.max_loss
    between = (each.max_loss + pair.profile.max_loss) / 2
    ends = pair.path.ends
    again = isthmus.connect(digits, ends[:1], ends[1:], pair.target, threshold=between, method=isthmus.StraightLine())
    if not again[0].connected:
        pytest.skip("the path is not the straight one")
    lost = isthmus.measure(digits, again, AsKept())[0].measured
    assert lost["kept_connected"] is False and "not through 8-bit images" in lost["kept"]


def test_the_program_says_it_of_every_path(program, two, tmp_path):
    ran = program("connect", *two, "--columns", "linf", "features:1", "--out", tmp_path / "out")
    assert ran.code == 0, ran.err
    assert "connected paths stay low through 8-bit images." in ran.out
    (row,) = json.loads((tmp_path / "out" / "result.json").read_text())["rows"]
    assert {"kept_connected", "deviation_linf", "length_ratio_features_1"} <= set(row)
    (pair,) = isthmus.Connections.load(tmp_path / "out")
    assert pair.measured["deviation_linf"] == row["deviation_linf"] and pair.class_names[pair.target] == "4"
    ran = program("connect", *two, "--columns", "features:nothing", "--out", tmp_path / "other")
    assert ran.code == 1 and "no layer 'nothing'" in ran.one_line()
    assert "connecting" not in ran.err and not (tmp_path / "other").exists()
    ran = program("connect", *two, "--columns", "linf", "features:1", "--out", tmp_path / "out", "--resume")
    assert ran.code == 0 and "nothing is left to do" in ran.err
    ran = program("connect", *two, "--columns", "fisher", "--out", tmp_path / "out", "--resume")
    assert ran.code == 0, ran.err
    (row,) = json.loads((tmp_path / "out" / "result.json").read_text())["rows"]
    assert "deviation_fisher" in row


@pytest.mark.parametrize("stop", [RuntimeError("no memory"), KeyboardInterrupt()])
def test_what_cannot_be_measured_does_not_cost_what_was_connected(program, two, tmp_path, monkeypatch, stop):
    def fails(*given):
        raise stop

    with monkeypatch.context() as patch:
        patch.setattr(LInf, "extents", fails)
        ran = program("connect", *two, "--columns", "linf", "--out", tmp_path / "out")
    assert ran.code == (130 if isinstance(stop, KeyboardInterrupt) else 0) and "could not be measured" in ran.out
    assert "deviation_linf" not in isthmus.Connections.load(tmp_path / "out").table().column_names
    assert program("connect", *two, "--columns", "linf", "--out", tmp_path / "out", "--resume").code == 0
    assert "deviation_linf" in isthmus.Connections.load(tmp_path / "out").table().column_names


STUDY = """
[inputs.digits]
source = "digits"
[networks.digits]
spec = "digits"
[[pairs]]
kind = "within"
per_class = 1
[connect]
columns = ["fisher", "kept"]
[shards]
paths = true
"""


def test_in_a_study(tmp_path):
    study = isthmus.studies.Study.create(tmp_path / "study", STUDY)
    study.run()
    rows = study.results.table().to_pylist()
    assert len(rows) == 10
    assert all(row["direct_length_fisher"] >= 0 and row["kept_connected"] == row["connected"] for row in rows)
    for row, pair in zip(rows, study.results.connections(range(10)), strict=True):
        assert pair.measured["direct_length_fisher"] == row["direct_length_fisher"]


def test_a_study_refuses_columns_that_a_network_cannot_have(tmp_path):
    with pytest.raises(
        isthmus.errors.StudyError, match="columns, on the network digits: The network has no layer 'no'"
    ):
        isthmus.studies.Study.create(tmp_path / "study", STUDY.replace("fisher", "features:no")).run()


def test_a_layer_is_named_in_its_columns(digits, found):
    measured = isthmus.measure(digits, found[:2], Features("1"))
    assert {"deviation_features_1", "length_ratio_features_1"} <= set(measured[0].measured)


def test_what_is_no_number_is_left_empty(digits, found):
    class Nowhere(isthmus.metrics.PullbackMetric):
        name, unit = "nowhere", "nothing"

        def image(self, landscape, x):
            return torch.full((len(x), 2), torch.nan)

    measured = isthmus.measure(digits, found[:3], Nowhere())
    assert set(measured.table()["length_ratio_nowhere"].to_pylist()) == {None}


def test_what_later_versions_say_of_a_column_is_passed_over():
    """And a column keeps its label, by which pages call it."""
    made = measured_column("x", "float64", "something", label="another name")
    again = described_column(made.describe() | {"unit": "nats", "of_version": 9})
    assert (again.name, again.type, again.meaning, again.label) == ("x", "float64", "something", "another name")
    assert "label" not in measured_column("x", "float64", "something").describe()
