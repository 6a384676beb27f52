from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import isthmus
from isthmus import IsthmusError
from isthmus.detection import Detector, Probe
from isthmus.results import write_sealed


@pytest.fixture(scope="module", params=["logistic", "boosting", "novelty"])
def fitted(request, digits, references, recognised, attacked, probe) -> Detector:
    bad = None if request.param == "novelty" else attacked
    return Detector.fit(digits, references, recognised[0], bad, probe=probe, model=request.param, seed=2)


def test_attacked_inputs_are_more_suspicious_than_clean_ones(digits, fitted, recognised, attacked):
    clean, bad = fitted.judge(digits, recognised[0]), fitted.judge(digits, attacked)
    assert bad.flagged.mean() > 2 * clean.flagged.mean() + 0.1
    assert np.median(bad.score) > np.quantile(clean.score, 0.8)
    assert (clean.flagged == (clean.p_value <= fitted.fpr)).all()
    assert clean.curves["references"].shape == (len(clean), 2, 4) and clean.curves["views"].shape == (len(clean), 2, 2)


def test_a_detector_comes_back_from_its_files(digits, fitted, recognised, tmp_path):
    fitted.save(tmp_path / "detector")
    again = Detector.load(tmp_path / "detector", digits)
    x = recognised[0][:20]
    mine, other = fitted.judge(digits, x), again.judge(digits, x)
    assert (mine.score == other.score).all() and (mine.p_value == other.p_value).all()
    assert again.probe == fitted.probe and again.model == fitted.model and again.bands.keys() == fitted.bands.keys()
    assert {file.name for file in (tmp_path / "detector").iterdir()} == {"detector.json", "detector.safetensors"}
    about = json.loads((tmp_path / "detector" / "detector.json").read_text())
    assert about["features"] == fitted.probe.names and len(about["network"]["weights_sha256"]) == 64


def test_clean_inputs_that_taught_nothing_are_flagged_as_seldom_as_was_said(digits, references, recognised, attacked):
    """Over many splits, on those inputs that neither taught nor set the p-values."""
    x = recognised[0]
    probe = Probe(references=2, points=4)
    shares = []
    for seed in range(6):
        order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed))
        given, fresh = x[order[:240]], x[order[240:]]
        detector = Detector.fit(
            digits, references, given, attacked, probe=probe, model="boosting", fpr=0.1, seed=seed
        )  # which knows by heart what taught it
        shares.append(detector.judge(digits, fresh).flagged.mean())
    count = 6 * (len(x) - 240)
    assert np.mean(shares) < 0.1 + 4 * np.sqrt(0.1 * 0.9 / count)


def test_another_network_is_refused(fitted, tmp_path, digits):
    fitted.save(tmp_path)
    other = isthmus.Landscape(isthmus.load_network("untrained:digits?seed=1&classes=10"))
    with pytest.raises(IsthmusError, match="other weights"):
        Detector.load(tmp_path, other)
    moved = isthmus.Landscape(isthmus.Network(digits.network.model, mean=[0.1]))
    with pytest.raises(IsthmusError, match=r"other (mean|preprocessing)"):
        Detector.load(tmp_path, moved)


def test_damaged_or_missing_files(digits, fitted, tmp_path):
    with pytest.raises(IsthmusError, match="holds no detector"):
        Detector.load(tmp_path, digits)
    fitted.save(tmp_path)
    arrays = tmp_path / "detector.safetensors"
    content = bytearray(arrays.read_bytes())
    content[-1] ^= 1
    arrays.write_bytes(content)
    with pytest.raises(IsthmusError, match="damaged or changed"):
        Detector.load(tmp_path, digits)
    fitted.save(tmp_path)
    about = json.loads((tmp_path / "detector.json").read_text())
    for change, message in (
        ({"format": "other"}, "no detector of the format"),
        ({"features": []}, "another version"),
        ({"score": "oracle"}, "no score 'oracle'"),
    ):
        changed = {key: value for key, value in (about | change).items() if key != "content_sha256"}
        write_sealed(tmp_path / "detector.json", changed)
        with pytest.raises(IsthmusError, match=message):
            Detector.load(tmp_path, digits)
    (tmp_path / "detector.json").write_text(json.dumps(about).replace('"fpr": 0.05', '"fpr": 0.45'))
    with pytest.raises(IsthmusError, match="damaged or changed"):
        Detector.load(tmp_path, digits)
    del about["content_sha256"]  # a detector of version 0.1 has no seal
    (tmp_path / "detector.json").write_text(json.dumps(about | {"format": "isthmus/detector/1"}))
    assert Detector.load(tmp_path, digits).fpr == fitted.fpr
    (tmp_path / "detector.json").write_text(json.dumps(about))
    with pytest.raises(IsthmusError, match="no detector of the format"):
        Detector.load(tmp_path, digits)
    (tmp_path / "detector.json").write_text("{")
    with pytest.raises(IsthmusError, match="cannot be read"):
        Detector.load(tmp_path, digits)


def test_inputs_that_cannot_be_judged(digits, fitted, as_installed):
    with pytest.raises(IsthmusError, match=r"fitted on inputs of shape \(1, 8, 8\)"):
        fitted.judge(digits, torch.zeros(2, 1, 9, 9))
    with pytest.raises(IsthmusError, match="divide by 255"):
        fitted.judge(digits, torch.full((2, 1, 8, 8), 200.0))


def test_what_does_not_fit_together(digits, references, recognised, attacked, probe, as_installed):
    x = recognised[0]
    with pytest.raises(IsthmusError, match="need attacked inputs"):
        Detector.fit(digits, references, x, None, probe=probe, model="logistic")
    with pytest.raises(IsthmusError, match="need attacked inputs"):
        Detector.fit(digits, references, x, attacked, probe=probe, model="novelty")
    with pytest.raises(IsthmusError, match="needs at least 40 clean inputs"):
        Detector.fit(digits, references, x[:30], attacked, probe=probe)
    for fpr in (0, 1, -0.1, float("nan"), True, "0.05"):
        with pytest.raises(IsthmusError, match="fpr must be a number"):
            Detector.fit(digits, references, x, attacked, probe=probe, fpr=fpr)


@pytest.mark.parametrize(
    ("hold", "says"),
    [
        (lambda n: torch.zeros(n, dtype=torch.bool), "nothing would ever be flagged"),
        (lambda n: torch.arange(n) == 0, "got 1 held"),
        (lambda n: torch.ones(n, dtype=torch.bool), "one left to learn"),
        (lambda n: torch.ones(3, dtype=torch.bool), "True or False of each"),
        (lambda n: torch.arange(n) % 2, "True or False of each"),
        (lambda n: [True] * n, "True or False of each"),
    ],
)
def test_a_split_that_can_flag_nothing_is_refused(
    digits, references, recognised, attacked, probe, as_installed, hold, says
):
    x = recognised[0]
    with pytest.raises(IsthmusError, match=says):
        Detector.fit(digits, references, x, attacked, probe=probe, hold=hold(len(x)))


def test_a_network_that_computes_something_else_is_refused(digits, fitted, tmp_path):
    """The weights are the same; an activation, or a hook, is not."""
    import copy

    from torch import nn

    fitted.save(tmp_path)
    network = digits.network

    def changed(change):
        model = copy.deepcopy(network.model)
        change(model)
        other = isthmus.Network(
            model, mean=[0.305], std=[0.376], input_shape=(1, 8, 8), preprocessing=network.preprocessing
        )
        return isthmus.Landscape(other)

    assert Detector.load(tmp_path, changed(lambda model: None)).fpr == fitted.fpr
    for change in (
        lambda model: model.__setitem__(1, nn.Tanh()),
        lambda model: model[-1].register_forward_hook(lambda module, inputs, output: output.flip(1)),
    ):
        with pytest.raises(IsthmusError, match="computes something else"):
            Detector.load(tmp_path, changed(change))
