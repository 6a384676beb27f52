"""Third parties' members of every family: in Python, on the command line, in studies, in tables, files and on pages."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import pytest
import torch

import isthmus
from isthmus import testing
from isthmus.reports import page

HERE = Path(__file__).parent


@pytest.fixture(autouse=True)
def beside_the_plugins(monkeypatch):
    """As for somebody who stands in the folder of their modules."""
    monkeypatch.chdir(HERE)


def load(name: str):
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(sys.modules[name])
    return sys.modules[name]


method, certifier, loss, attack, kind, metric = (
    load(f"own_{name}") for name in ("method", "certifier", "loss", "attack", "kind", "metric")
)


class TestArcs(testing.ConnectorContract):
    def connector(self):
        return method.Arcs()


class TestArc(testing.PathContract):
    def path(self):
        x = torch.randn((3, 2, 4), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        return method.Arc(x[0], (x[0] + x[1]) / 2 + 0.3 * x[2], x[1])


class TestDenseScan(testing.CertifierContract):
    def certifier(self):
        return certifier.DenseScan()


class TestDoubt(testing.LossContract):
    def loss(self):
        return loss.Doubt()


class TestDim(testing.DomainContract):
    def domain(self):
        return loss.Dim()


class TestDecided(testing.MetricContract):
    def metric(self):
        return metric.Decided()


class TestRandomSearch(testing.AttackContract):
    def attack(self):
        return attack.RandomSearch()


class TestNeighbours(testing.KindContract):
    def kind(self):
        return kind.Neighbours()


def test_a_whole_path_of_somebodys_own_is_found_certified_saved_and_shown(digits, digit_pairs, tmp_path):
    a, c, y = (part[:8] for part in digit_pairs)
    found = isthmus.connect(digits, a, c, y, method=method.Arcs(), verify=certifier.DenseScan())
    arcs = [pair for pair in found if pair.moved]
    assert len(arcs) >= 4 and all(type(pair.path) is method.Arc for pair in arcs) and any(p.connected for p in arcs)
    for pair in arcs:
        assert torch.equal(pair.path.ends, torch.stack([a, c], 1)[list(found).index(pair)])
        # An arc without a bulge is the direct path up to rounding, which differs from processor to processor.
        assert pair.max_loss_after[-1] <= pair.direct.max_loss * (1 + 1e-5) and pair.path.length_ratio >= 1
    assert all(pair.certified and pair.certificate.kind == "dense-scan" for pair in found if pair.connected)
    found = isthmus.Connections(found.pairs, found.description, (kind.EXTRA_LENGTH,))
    found.save(tmp_path / "saved")
    again = isthmus.Connections.load(tmp_path / "saved")
    assert [pair.row() for pair in again] == [pair.row() for pair in found]
    assert all(torch.equal(x.path.at(0.3), y.path.at(0.3)) for x, y in zip(found, again, strict=True))
    table = found.table()
    assert set(table["path"].to_pylist()) >= {"arc"} and table["extra_length"].to_pylist()[0] > 0
    html = page(found)
    assert "dense-scan: no loss above" in html and '["extra_length",' in html


def test_a_file_with_paths_that_nobody_knows_is_refused(digits, digit_pairs, tmp_path):
    a, c, y = (part[:2] for part in digit_pairs)
    isthmus.connect(digits, a, c, y, method=method.Arcs()).save(tmp_path / "saved")
    isthmus.registries.PATHS._entries.pop("arc")
    try:
        with pytest.raises(isthmus.IsthmusError, match="no path 'arc'; known are polyline"):
            isthmus.Connections.load(tmp_path / "saved")
    finally:
        isthmus.registries.PATHS.register("arc", method.Arc)


def test_losses_and_domains_of_somebodys_own(digits, digit_pairs):
    landscape = isthmus.Landscape(digits.network, loss=loss.Doubt(), domain=loss.Dim(most=0.9))
    found = isthmus.connect(landscape, *digit_pairs)
    assert found.description["unit"] == "probability" and sum(pair.connected for pair in found) >= 12
    for pair in found:
        assert bool(landscape.domain.contains(pair.path.vertices, 1e-4).all()) and pair.profile.max_loss <= 1
    with pytest.raises(isthmus.IsthmusError, match="convex in the logits"):
        isthmus.exact_profile(landscape, found[0].path, found[0].target)


def test_on_the_command_line(program, two, tmp_path):
    out = tmp_path / "out"
    ran = program(
        "connect", *two, "--out", out, "--method", "py:own_method:Arcs", "--verify", "py:own_certifier:DenseScan",
        "--columns", "py:own_kind:EXTRA_LENGTH", "py:own_metric:Decided", "py:own_metric:Brightest",
        "--loss", "py:own_loss:Doubt", "--domain", "py:own_loss:Dim",
    )  # fmt: skip
    assert ran.code == 0, ran.err
    result = json.loads((out / "result.json").read_text())
    (row,) = result["rows"]
    assert row["certificate"] == "dense-scan" and row["extra_length"] >= 0
    assert row["deviation_decided"] >= 0 and 0 < row["brightest"] <= 1
    assert result["description"]["loss"] == "Doubt" and result["description"]["domain"] == "Dim(most=0.6)"
    assert "extra_length" in (out / "index.html").read_text()
    ran = program("attack", two[0], "--method", "py:own_attack:RandomSearch", "--steps", 5, "--out", tmp_path / "hit")
    assert ran.code == 0, ran.err
    assert "RandomSearch" in json.loads((tmp_path / "hit" / "result.json").read_text())["description"]["method"]


STUDY = """
[images.digits]
source = "digits"
[networks.digits]
spec = "digits"
loss = "py:own_loss:Doubt"
domain = "py:own_loss:Dim"
[[pairs]]
kind = "py:own_kind:Neighbours"
per_class = 1
[connect]
method = "py:own_method:Arcs"
step_length = 0.2
verify = "py:own_certifier:DenseScan"
columns = ["py:own_kind:EXTRA_LENGTH", "py:own_metric:Decided"]
[shards]
paths = true
"""


def test_in_a_study(program, tmp_path):
    study = isthmus.studies.Study.create(tmp_path / "study", STUDY)
    ran = program("study", "run", tmp_path / "study")
    assert ran.code == 0, ran.err
    rows = study.results.table().to_pylist()
    assert len(rows) == 10 and {row["kind"] for row in rows} == {"Neighbours"}
    assert all(row["certificate"] == "dense-scan" for row in rows if row["connected"])
    assert any(row["extra_length"] >= 0 for row in rows) and all(row["direct_length_decided"] > 0 for row in rows)
    assert program("study", "report", tmp_path / "study").code == 0
    assert "extra_length" in (tmp_path / "study" / "report" / "index.html").read_text()
    assert program("study", "run", tmp_path / "study", "--resume").code == 0
    described = study.results.plan.fingerprint["code"]
    assert {"py:own_kind:Neighbours", "py:own_method:Arcs", "py:own_loss:Doubt"} <= set(described)


@pytest.mark.parametrize(
    ("option", "name", "says"),
    [
        ("--method", "py:own_method:Nothing", "could not be loaded"),
        ("--method", "py:own_loss:Doubt", "expected a method"),
        ("--method", "bypas", "did you mean bypass"),
        ("--verify", "peices", "did you mean pieces"),
        ("--loss", "py:nowhere:Loss", "could not be loaded"),
        ("--domain", "boxx", "did you mean box"),
        ("--columns", "py:own_loss:Doubt", "expected a column"),
        ("--columns", "linff", "known are l2, linf"),
        ("--method", "py:torch:ones", "could not be made"),
    ],
)
def test_what_is_no_member_is_one_clear_line(program, two, tmp_path, option, name, says):
    ran = program("connect", *two, "--out", tmp_path / "out", option, name)
    assert ran.code in (1, 2) and says in ran.one_line(), ran.err
    assert not (tmp_path / "out").exists()


def test_a_path_between_other_ends_is_refused(digits, digit_pairs):
    class Elsewhere(method.Arcs):
        def paths(self, segments, state):
            return [method.Arc(a + 1e-6, a, c) for a, c in zip(segments.start, segments.end, strict=True)]

    with pytest.raises(isthmus.errors.InputError, match="whose ends are not those of the pair, bit for bit"):
        isthmus.connect(digits, *digit_pairs, method=Elsewhere())
