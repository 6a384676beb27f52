from __future__ import annotations

import json

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

import isthmus


def result_of(folder) -> dict:
    return json.loads((folder / "result.json").read_text())


def test_synthesize_all_classes(program, tmp_path, digits):
    out = tmp_path / "made"
    ran = program("synthesize", "--out", out, "--count", 2, "--seed", 5, "--steps", 200)
    assert ran.code == 0 and "index.html" in ran.out, ran.err
    rows = result_of(out)["rows"]
    assert [row["target"] for row in rows] == [number // 2 for number in range(20)]
    assert [row["seed"] for row in rows] == list(range(5, 25))
    x = load_file(out / "inputs.safetensors")["x"]
    loss = digits.loss(x, torch.tensor([row["target"] for row in rows]))
    torch.testing.assert_close(loss, torch.tensor([row["loss"] for row in rows]), atol=1e-6, rtol=1e-4)
    for number, row in enumerate(rows):
        with Image.open(out / row["file"]) as opened:
            picture = torch.tensor(list(opened.convert("L").tobytes())).reshape(8, 8) / 255
        assert (picture - x[number, 0]).abs().max() <= 0.5 / 255 + 1e-6
    with Image.open(out / "sheet.png") as sheet:
        assert sheet.width > 400
    assert "not empty" in program("synthesize", "--out", out).one_line()
    assert program("synthesize", "--out", out, "--overwrite", "--target", "3", "--steps", 5).code == 0
    assert len(result_of(out)["rows"]) == 1


def test_synthesize_a_channel(program, tmp_path, digits):
    out = tmp_path / "made"
    ran = program(
        "synthesize",
        "--out",
        out,
        "--layer",
        "2",
        "--target",
        0,
        5,
        "--method",
        "fourier",
        "--steps",
        20,
        "--unit",
        "1,1",
    )
    assert ran.code == 0 and "activation" in ran.out, ran.err
    assert result_of(out)["description"]["layer"] == "2" and len(result_of(out)["rows"]) == 2


def test_attack_a_folder(program, tmp_path, digit_folder, digits):
    out = tmp_path / "attacked"
    ran = program("attack", digit_folder, "--method", "pgd-linf", "--epsilon", "3/10", "--limit", 12, "--out", out)
    assert ran.code == 0 and "of 12 attacks succeeded" in ran.out, ran.err
    rows, exact = result_of(out)["rows"], load_file(out / "inputs.safetensors")
    predicted = digits.logits(exact["x"]).argmax(1).tolist()
    assert [row["class_after"] for row in rows] == [str(index) for index in predicted]
    assert all(row["valid"] and row["linf"] <= 0.3 + 1e-6 for row in rows)
    assert sum(row["success"] for row in rows) >= 8
    assert all(row["target"] is None and str(row["away_from"]) == row["class_before"] for row in rows)
    files = isthmus.load_images(out / "inputs", preprocessing=digits.network.preprocessing)
    again = digits.logits(files.x).argmax(1).tolist()
    assert [str(index) != row["class_before"] for index, row in zip(again, rows, strict=True)] == [
        row["success_8bit"] for row in rows
    ]


def test_attack_toward_a_class_sets_aside_what_is_there_already(program, tmp_path, digit_folder):
    out = tmp_path / "attacked"
    ran = program("attack", digit_folder, "--target", "4", "--limit", 50, "--stop", 0.5, "--out", out)
    assert ran.code == 0 and "sees the target in it already" in ran.err
    rows = result_of(out)["rows"]
    assert all(row["class_before"] != "4" and row["target"] == 4 and row["away_from"] is None for row in rows)
    assert sum(row["success"] for row in rows) > 0.8 * len(rows)
    assert len(rows) + len(result_of(out)["skipped"]) == 50


def test_attacks_of_foolbox(program, tmp_path, digit_folder):
    pytest.importorskip("foolbox", reason="foolbox is not installed (extra: attacks)")
    image = min((digit_folder / "4").iterdir())
    ran = program("attack", image, "--attack", "foolbox:LinfDeepFoolAttack", "--out", tmp_path / "attacked")
    assert ran.code == 0 and "1 of 1 attacks succeeded" in ran.out, ran.err


def test_bad_input_is_one_line(program, tmp_path, digit_folder):
    for arguments, expected in [
        (("attack", tmp_path / "nowhere"), "does not exist"),
        (("attack", digit_folder, "--method", "magic"), "There is no attack 'magic'; known are paper"),
        (("attack", digit_folder, "--method", "foolbox:Magic"), "foolbox has no attack 'Magic'"),
        (("attack", digit_folder, "--epsilon", 0.1), "knows no such setting"),
        (("attack", digit_folder, "--method", "pgd-l2", "--epsilon", 0), "PGD needs epsilon > 0"),
        (
            ("attack", digit_folder, "--method", "pgd-l2", "--epsilon", "8/0"),
            "a number or a fraction, as 0.03 or 8/255",
        ),
        (("attack", digit_folder, "--target", "cat"), "--target 'cat' is no class of the network; the names are like"),
        (("attack", digit_folder / "4", "--target", "4"), "sees it in every input already"),
        (("synthesize", "--target", "11"), "--target must lie in 0 ... 9 (10 classes), got 11"),
        (("synthesize", "--layer", "nope"), "no layer 'nope'; there are 0, 1"),
        (("synthesize", "--unit", "1,1"), "--unit needs --layer"),
        (("synthesize", "--layer", "2", "--unit", "a"), "--unit must be whole numbers"),
        (("synthesize", "--count", 0), "--count must be at least 1"),
    ]:
        assert expected in program(*arguments, "--out", tmp_path / "out").one_line()
        assert not (tmp_path / "out").exists()
