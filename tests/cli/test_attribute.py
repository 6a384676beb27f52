"""isthmus attribute, as somebody would run it."""

from __future__ import annotations

import json

import matplotlib.image
import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from sklearn.datasets import load_digits

import isthmus
from isthmus.cli.main import run
from isthmus.reports.attribution_figure import attribution_figure, in_a_plane


@pytest.fixture(scope="module")
def eights(tmp_path_factory):
    folder = tmp_path_factory.mktemp("eights")
    data = load_digits()
    for name, number in zip("ac", np.flatnonzero(data.target == 8)[:2], strict=True):
        Image.fromarray((data.images[number] / 16 * 255).round().astype(np.uint8)).save(folder / f"{name}.png")
    return folder


def test_one_image_from_black(eights, tmp_path, capsys):
    assert run(["attribute", str(eights / "a.png"), "--out", str(tmp_path / "o")]) == 0
    said = capsys.readouterr().out
    result = json.loads((tmp_path / "o/result.json").read_text())
    values = load_file(tmp_path / "o/values.safetensors")
    assert result["target"] == 8 and result["exact"] and result["completeness_error"] < 1e-9
    assert "8: logit" in said and f"{result['gradients']:,} gradients" in said
    assert abs(float(values["values"].sum()) - (result["end_logit"] - result["start_logit"])) < 1e-9
    assert not values["start"].any() and values["values"].shape == (1, 8, 8)
    assert matplotlib.image.imread(tmp_path / "o/attribution.png").shape[0] > 300
    assert run(["attribute", str(eights / "a.png"), "--out", str(tmp_path / "o")]) == 1
    assert run(["attribute", str(eights / "a.png"), "--out", str(tmp_path / "o"), "--overwrite"]) == 0


def test_two_images_along_the_path_found(eights, tmp_path):
    both = [str(eights / "a.png"), str(eights / "c.png")]
    settings = ["--along", "found", "--target", "8", "--no-exact", "--out", str(tmp_path / "o")]
    assert run(["attribute", *both, *settings]) == 0
    result = json.loads((tmp_path / "o/result.json").read_text())
    assert not result["exact"] and result["along"] == "found" and result["gradients"] >= 16
    assert result["completeness_error"] < 2e-3 * abs(result["end_logit"] - result["start_logit"])


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--along", "sideways"], "straight, found"),
        (["--along", "found"], "two inputs"),
        (["--target", "12"], "10 classes"),
        (["--most", "0"], "--most"),
        (["--tolerance", "0"], "tolerance"),
    ],
)
def test_what_cannot_be_used_is_said_in_one_line(eights, tmp_path, capsys, options, says):
    assert run(["attribute", str(eights / "a.png"), *options, "--out", str(tmp_path / "o")]) == 1
    lines = capsys.readouterr().err.strip().splitlines()
    assert says in lines[-1] and not (tmp_path / "o/result.json").exists()


def test_maps_have_their_zero_in_the_middle():
    values = torch.zeros(3, 4, 5, dtype=torch.float64)
    values[0, 1, 2], values[1, 1, 2], values[2, 3, 4] = 2.0, -0.5, -1.0
    assert float(in_a_plane(values)[1, 2]) == 1.5 and in_a_plane(values[0, 0]).shape == (1, 5)
    found = isthmus.Attribution(
        values=values, start=0.0, end=0.5, completeness_error=0.0, gradients=7, parts=7, exact=True
    )
    figure = attribution_figure(found, torch.rand(3, 4, 5), torch.rand(3, 4, 5), note="a $note$")
    (shown,) = figure.axes[2].images
    low, high = shown.get_clim()
    assert low == -high and high > 0 and shown.get_cmap().name == "RdBu_r"
    assert "exact" in figure.get_suptitle()


def test_what_is_proven_stands_in_the_result(eights, tmp_path, capsys):
    options = ["--network", "py:isthmus.networks.small:vit", "--target", "3", "--out", str(tmp_path / "o")]
    assert run(["attribute", str(eights / "a.png"), "--verify", "taylor", *options]) == 0
    result, values = json.loads((tmp_path / "o/result.json").read_text()), load_file(tmp_path / "o/values.safetensors")
    assert "proven: together off by" in capsys.readouterr().out and "float64" in result["subject_to"]
    assert values["error_bound"].shape == (1, 8, 8) and result["error_bound"] == float(values["error_bound"].max())
    assert not result["exact"] and 0 < result["error_bound"] < 0.01
    assert run(["attribute", str(eights / "a.png"), "--verify", "pieces", *options, "--overwrite"]) == 1
    assert "must be TaylorModels()" in capsys.readouterr().err
