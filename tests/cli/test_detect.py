from __future__ import annotations

import csv
import json
import re

import pytest
import torch
from PIL import Image

from isthmus.cli.main import run
from isthmus.inputs.collection import digits as collection
from isthmus.making import PGD, attack


@pytest.fixture(scope="module")
def pictures(tmp_path_factory, digits):
    """Eight clean and eight attacked digits as image files."""
    folder = tmp_path_factory.mktemp("pictures")
    given = collection()
    x = torch.stack([given.read(number, None) for number in range(16)])
    y = digits.logits(x).argmax(1)
    bad = attack(digits, x[:8], y[:8], method=PGD.fgsm(0.3)).x
    for number, one in enumerate(torch.cat([bad, x[8:]])):
        pixels = (one[0] * 255).round().byte().numpy()
        Image.fromarray(pixels).save(folder / f"{'attacked' if number < 8 else 'clean'}-{number}.png")
    return folder


@pytest.fixture(scope="module")
def detector(tmp_path_factory):
    folder = tmp_path_factory.mktemp("detector") / "detector"
    code = run(
        ["detect", "fit", "--out", str(folder), "--attacks", "FGSM 0.3; PGD 0.15", "--steps", "5", "--device", "cpu"]
    )
    assert code == 0
    return folder


def table(file):
    with file.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_evaluate_writes_a_result_a_page_and_goes_on(program, tmp_path):
    out = tmp_path / "out"
    options = ("--attacks", "FGSM 0.3; PGD 0.15; PGD 0.3", "--steps", "5", "--per-class", "16", "--adaptive-steps", "3")
    ran = program("detect", "evaluate", "--out", out, *options, "--adaptive-inputs", "4", "--device", "cpu")
    assert ran.code == 0, ran.err
    assert "The best detector" in ran.out and str(out / "index.html") in ran.out
    result = json.loads((out / "result.json").read_text())
    assert result["schema"] == "isthmus/detection/1" and {row["role"] for row in result["rows"]} == {
        "detector",
        "baseline",
        "control",
    }
    assert len(result["adaptive"]) == 6 and result["cost"] == 48 and result["shifts"]
    assert len(result["description"]["network"]["weights_sha256"]) == 64
    page = (out / "index.html").read_text()
    assert "Every score over all attacks (positive: attacked)" in page and "<script>" in page
    for name in ("scores", "attacks", "rows", "shifts", "adaptive"):
        assert table(out / f"{name}.csv")
    assert "is not empty" in program("detect", "evaluate", "--out", out, *options).one_line()
    again = program(
        "detect", "evaluate", "--out", out, *options, "--adaptive-inputs", "4", "--resume", "--device", "cpu"
    )
    assert again.code == 0 and "attacking" not in again.err
    assert json.loads((out / "result.json").read_text())["rows"] == result["rows"]


def test_score_says_what_and_why(program, pictures, detector, tmp_path):
    ran = program("detect", "score", pictures, "--detector", detector, "--out", tmp_path / "out", "--device", "cpu")
    assert ran.code == 0, ran.err
    result = json.loads((tmp_path / "out" / "result.json").read_text())
    assert result["schema"] == "isthmus/detection-scores/1" and len(result["rows"]) == 16
    for row in result["rows"]:
        assert row["verdict"] == ("flagged" if row["p_value"] <= result["fpr"] else "not flagged")
        assert len(row["curves"]["references"][0]) == 9 and len(row["curves"]["views"]) == 4
    bad, clean = (
        [row["p_value"] for row in result["rows"] if row["input"].startswith(name)] for name in ("att", "clean")
    )
    assert sum(bad) < sum(clean) and f"{result['flagged']} of 16 images are flagged" in ran.out
    rows = table(tmp_path / "out" / "scores.csv")
    assert [row["input"] for row in rows] == [row["input"] for row in result["rows"]]
    page = (tmp_path / "out" / "index.html").read_text()
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])
    assert len(data["rows"]) == 16 and set(data["bands"]) == {"references", "views"}
    assert [row["p_value"] for row in data["rows"]] == sorted(row["p_value"] for row in result["rows"])
    first = next(row for row in result["rows"] if row["input"] == data["rows"][0]["input"])
    assert data["rows"][0]["curves"]["views"][0] == pytest.approx(
        [min(100, max(1e-6, loss)) for loss in first["curves"]["views"][0]], rel=1e-2
    )


def test_names_from_outside_are_escaped(program, pictures, detector, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "<img src=x onerror=alert(1)>.png").write_bytes(next(pictures.iterdir()).read_bytes())
    (folder / "broken.png").write_bytes(b"no image")
    ran = program("detect", "score", folder, "--detector", detector, "--out", tmp_path / "out", "--device", "cpu")
    assert ran.code == 0 and "set aside" in ran.err
    page = (tmp_path / "out" / "index.html").read_text()
    assert "<img src=x" not in page and r"\u003cimg src=x" in page and "broken.png" in page


def test_novelty_needs_no_attacks(program, tmp_path):
    ran = program(
        "detect", "fit", "--model", "novelty", "--out", tmp_path / "d", "--per-class", "20", "--device", "cpu"
    )
    assert ran.code == 0 and "attacking" not in ran.err and "Next: isthmus detect score" in ran.out
    assert json.loads((tmp_path / "d" / "detector.json").read_text())["model"] == "novelty"


def test_what_cannot_be_done_is_one_line(program, pictures, detector, tmp_path):
    other = ("--network", "untrained:digits?seed=1&classes=10")
    for arguments, message in (
        (("score", pictures, "--detector", detector, *other, "--out", tmp_path / "a"), "other weights"),
        (("score", pictures, "--detector", tmp_path, "--out", tmp_path / "a"), "holds no detector"),
        (("score", tmp_path / "none", "--detector", detector, "--out", tmp_path / "a"), "does not exist"),
        (("evaluate", "--attacks", "hope", "--out", tmp_path / "b"), "There is no attack 'hope'"),
        (("evaluate", "--epsilon", "0.3,0.1", "--out", tmp_path / "b"), "ascending"),
        (("evaluate", "--epsilon", "much", "--out", tmp_path / "b"), "2/255,8/255"),
        (("evaluate", "--network", "torchvision:resnet18", "--out", tmp_path / "b"), "--network needs --inputs"),
        (("fit", "--fpr", "2", "--out", tmp_path / "b"), "between 0 and 1"),
        (("fit", "--out", pictures), "is not empty"),
        (("fit", "--attacks", "PGD 1e-06", "--epsilon", "1e-6,1e-5", "--out", tmp_path / "b"), "No attack led"),
    ):
        ran = program("detect", *arguments)
        assert ran.code == 1 and message in ran.err.strip().splitlines()[-1], (arguments, ran.err)
        assert "Traceback" not in ran.err
    assert not (tmp_path / "b").exists()
