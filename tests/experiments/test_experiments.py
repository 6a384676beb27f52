"""Each experiment from begin to end on the embedded network, smaller than by default."""

from __future__ import annotations

import csv
import html
import json
import re

import pytest

from isthmus.experiments import Setting, run_experiment, write_findings
from isthmus.experiments.adversarial import Adversarial
from isthmus.experiments.architectures import Architectures
from isthmus.experiments.decision_map import DecisionMap
from isthmus.experiments.kinds import Kinds
from isthmus.experiments.real import Real
from isthmus.experiments.training import Training
from isthmus.experiments.untrained import Untrained
from isthmus.registries import EXPERIMENTS
from isthmus.studies import Study

SMALLER = {
    "real": (Real(), 20),
    "adversarial": (Adversarial(max_steps=100, run_on=5), 1),
    "untrained": (Untrained(seeds=2, classes=4), 1),
    "training": (Training(batches=(0, 8, 60), classes=3), 1),
    "architectures": (Architectures(batches=60), 3),
    "decision-map": (DecisionMap(), 30),
    "kinds": (Kinds(sets=("wine",), sample=2), 2),
}


def test_every_experiment_is_tested_here():
    assert set(SMALLER) == set(EXPERIMENTS)
    assert all(type(smaller) is EXPERIMENTS[name] for name, (smaller, _) in SMALLER.items())


SLOW = ("architectures", "training", "adversarial")


@pytest.mark.parametrize("name", [pytest.param(n, marks=[pytest.mark.slow] * (n in SLOW)) for n in SMALLER])
def test_from_begin_to_end(name, tmp_path):
    experiment, per_class = SMALLER[name]
    network = "untrained:py:isthmus.networks.small:mlp" if name == "untrained" else "digits"
    setting = Setting(network=network, per_class=per_class, device="cpu", seed=1)
    told = []
    findings, study = run_experiment(experiment, setting, tmp_path / "out", on_measure=told.append)
    write_findings(findings, tmp_path / "out", name=name, command="isthmus paper ...", study=study, device="cpu")
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["schema"] == "isthmus/paper-result/1" and result["experiment"] == name
    assert result["claim"] and result["source"] and result["found"]
    assert study is not None and study.status().complete and study.folder == tmp_path / "out" / "study"
    page = (tmp_path / "out" / "index.html").read_text()
    read = html.unescape(re.sub(r"</?span[^>]*>", "", page))
    for sentence in [result["claim"], *result["found"], *result["agrees"], *result["differs"]]:
        assert sentence in read
    for ending in ("png", "svg"):
        assert (tmp_path / "out" / f"figure.{ending}").stat().st_size > 10_000
    for table, rows in result["tables"].items():
        with (tmp_path / "out" / f"{table}.csv").open() as stream:
            assert len(list(csv.DictReader(stream))) == len(rows) > 0
    # The study has done the work: the same again reads it, and finds the same.
    again, _ = run_experiment(experiment, setting, tmp_path / "out", resume=True)
    assert list(again.found) == result["found"]


def test_the_claims_name_their_place():
    for made in EXPERIMENTS.values():
        experiment = made()
        assert "2025" in experiment.source and len(experiment.claim) > 50 and experiment.title


def test_another_setting_does_not_go_on(tmp_path):
    from isthmus.errors import OutputError

    small = Setting(per_class=1, device="cpu")
    run_experiment(DecisionMap(), Setting(per_class=30, device="cpu"), tmp_path / "out")
    with pytest.raises(OutputError, match="made for another setting"):
        run_experiment(Real(), small, tmp_path / "out", resume=True)
    with pytest.raises(OutputError, match="not empty"):
        run_experiment(Real(), small, tmp_path / "out")
    findings, study = run_experiment(Real(), small, tmp_path / "out", overwrite=True)
    assert study is not None and study.status().pairs == 10 and findings.tables


def test_a_folder_of_the_users_is_left_alone(tmp_path):
    from isthmus.errors import OutputError

    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match="no earlier run of this kind"):
        run_experiment(Real(), Setting(per_class=1, device="cpu"), tmp_path, overwrite=True)
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


def test_the_plane_through_three_files(tmp_path, digit_folder):
    files = sorted(digit_folder.glob("*/*.png"))[:30:10]
    setting = Setting(inputs=(files[0], files[1], files[2]), device="cpu")
    findings, study = run_experiment(DecisionMap(), setting, tmp_path / "out")
    assert study is None and findings.tables[0].rows[2]["input"] == files[2].name
    write_findings(findings, tmp_path / "out", name="decision-map", command="", study=None, device="cpu")
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["files"]["study"] is None
    assert result["tables"]["points"][0]["class"] == files[0].parent.name


def test_the_study_can_be_looked_at_on_its_own(tmp_path, program):
    run_experiment(Real(), Setting(per_class=2, device="cpu"), tmp_path / "out")
    assert len(Study(tmp_path / "out" / "study").results.table()) == 20
    assert program("study", "status", tmp_path / "out" / "study").code == 0
