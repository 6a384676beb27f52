from __future__ import annotations

import json

import pyarrow.parquet
import pytest

SMALL = ("per_class = 300", "per_class = 4"), ("per_class = 2700", "per_class = 2"), ("minutes = 2", "pairs = 20")


@pytest.fixture
def small(tmp_path, program):
    """The folder of the study that `init` writes, made smaller by editing its file as a person would."""
    folder = tmp_path / "digits"
    ran = program("study", "init", "--out", folder)
    assert ran.code == 0 and "isthmus study run" in ran.out
    file = folder / "study.toml"
    text = file.read_text()
    for before, after in SMALL:
        assert before in text
        text = text.replace(before, after)
    file.write_text(text)
    return folder


def test_a_study_from_begin_to_end(small, program, tmp_path):
    assert "Not begun" in program("study", "status", small).out
    ran = program("study", "plan", small, "--device", "cpu")
    assert ran.code == 0 and "60 pairs in 3 shards" in ran.out
    assert "0 of 3 shards" in program("study", "status", small).out
    assert "--resume" in program("study", "run", small, "--device", "cpu").one_line()
    ran = program("study", "run", small, "--resume", "--device", "cpu")
    assert ran.code == 0 and "3 of 3 shards are finished: 60 of 60 pairs." in ran.out, ran.err
    result = json.loads((small / "result.json").read_text())
    assert result["pairs_done"] == 60 and len(result["summary"]["classes"]) == 20
    out = tmp_path / "t.parquet"
    ran = program("study", "table", small, "--out", out)
    assert ran.code == 0 and "60 rows" in ran.out and "within" in ran.out
    table = pyarrow.parquet.read_table(out)
    assert {"pair_id", "max_loss", "gap", "connected", "deviation"} <= set(table.column_names) and len(table) == 60
    assert "exists" in program("study", "table", small, "--out", out).one_line()
    ran = program("study", "report", small, "--device", "cpu")
    assert ran.code == 0 and (small / "report" / "index.html").exists(), ran.err
    assert program("study", "report", small, "--out", tmp_path / "bare", "--no-pairs").code == 0
    ran = program("study", "run", small, "--overwrite", "--device", "cpu")
    assert ran.code == 0, ran.err


def test_damage_is_told_by_status_and_mended_by_repair(small, program):
    assert program("study", "run", small, "--device", "cpu").code == 0
    shard = sorted((small / "shards").iterdir())[1]
    content = shard.read_bytes()
    shard.write_bytes(content[:200] + bytes([content[200] ^ 4]) + content[201:])
    ran = program("study", "status", small)
    assert ran.code == 1 and shard.name in ran.out and "--resume --repair" in ran.err
    assert shard.name in program("study", "table", small).one_line()
    assert shard.name in program("study", "report", small, "--device", "cpu").one_line()
    ran = program("study", "run", small, "--resume", "--repair", "--device", "cpu")
    assert ran.code == 0 and shard.read_bytes() == content


def test_bad_input_is_one_line(small, program, tmp_path):
    assert "is no folder" in program("study", "run", tmp_path / "nowhere").one_line()
    (tmp_path / "empty").mkdir()
    assert "study.toml cannot be read" in program("study", "run", tmp_path / "empty").one_line()
    assert "is not empty" in program("study", "init", "--out", small).one_line()
    assert (
        "--inputs" in program("study", "init", "--out", tmp_path / "x", "--network", "torchvision:resnet18").one_line()
    )
    assert "no folder" in program("study", "init", "--out", tmp_path / "x", "--inputs", tmp_path / "y").one_line()
    assert "was not run yet" in program("study", "table", small).one_line()
    with (small / "study.toml").open("a") as file:
        file.write("[shrads]\n")
    assert "unknown key shrads; did you mean shards?" in program("study", "status", small).one_line()
    assert program("study", "run").code == 2


def test_a_study_of_ones_own_images(program, digit_folder, tmp_path):
    ran = program("study", "init", "--out", tmp_path / "mine", "--inputs", digit_folder)
    assert ran.code == 0
    file = tmp_path / "mine" / "study.toml"
    file.write_text(file.read_text().replace("per_class = 20", "per_class = 3").replace("minutes = 2", "pairs = 9"))
    ran = program("study", "run", tmp_path / "mine", "--device", "cpu")
    assert ran.code == 0 and f"on {'digits'}" in file.read_text(), ran.err
