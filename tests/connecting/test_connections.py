from __future__ import annotations

import json
import math
import random

import pytest
import torch

from isthmus import Connections, connect
from isthmus.errors import OutputError

COLUMNS = {
    "pair", "target", "a_loss", "c_loss", "threshold", "direct_max_loss", "direct_gap", "direct_connected",
    "max_loss", "gap", "connected", "class_connected", "outcome", "deviation", "length_ratio", "rounds", "steps",
    "forward_equivalents", "resolution", "certificate", "bound", "parts", "path",
}  # fmt: skip


@pytest.fixture(scope="module")
def found(digits, digit_pairs) -> Connections:
    return connect(digits, *digit_pairs)


def test_table_has_a_row_a_pair_and_the_terms_as_columns(found):
    table = found.table()
    assert table.num_rows == 16 and set(table.column_names) >= COLUMNS
    for row, pair in zip(table.to_pylist(), found, strict=True):
        assert row["max_loss"] == pair.profile.max_loss and row["connected"] == pair.connected
        assert math.isclose(row["gap"], row["max_loss"] - max(row["a_loss"], row["c_loss"]), abs_tol=1e-9)
        assert math.isclose(row["deviation"], pair.path.deviation)


def test_what_is_saved_comes_back(found, tmp_path):
    found.save(tmp_path / "new" / "folder")
    again = Connections.load(tmp_path / "new" / "folder")
    assert again.description == json.loads(json.dumps(found.description)) and again.table().equals(found.table())
    for one, other in zip(found, again, strict=True):
        assert torch.equal(one.path.vertices, other.path.vertices) and one.vertex_rounds == other.vertex_rounds
        assert one.outcome is other.outcome and one.threshold == other.threshold
        assert (one.profile is one.direct) == (other.profile is other.direct)
        for mine, theirs in ((one.direct, other.direct), (one.profile, other.profile)):
            assert torch.equal(mine.t, theirs.t) and torch.equal(mine.loss, theirs.loss)
            assert torch.equal(mine.logits, theirs.logits) and mine.coarse_max_loss == theirs.coarse_max_loss


def test_existing_files_are_not_replaced(found, tmp_path):
    found.save(tmp_path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(OutputError, match="exists"):
        found.save(tmp_path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_every_flipped_byte_and_every_truncation_is_noticed(found, tmp_path):
    found.save(tmp_path)
    dice = random.Random(0)
    for name in ("table.parquet", "paths.safetensors"):
        good = (tmp_path / name).read_bytes()
        for _ in range(60):
            bad = bytearray(good)
            if dice.random() < 0.5:
                bad[dice.randrange(len(bad))] ^= 1 << dice.randrange(8)
            else:
                del bad[dice.randrange(len(bad)) :]
            (tmp_path / name).write_bytes(bad)
            with pytest.raises(OutputError, match=name):
                Connections.load(tmp_path)
        (tmp_path / name).write_bytes(good)
    assert len(Connections.load(tmp_path)) == 16


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"format": "isthmus connections", "version": 99}', "nonsense"])
def test_a_manifest_of_something_else_is_an_error(found, tmp_path, text):
    found.save(tmp_path)
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(OutputError, match=r"manifest.json"):
        Connections.load(tmp_path)


def test_a_missing_file_is_named(found, tmp_path):
    found.save(tmp_path)
    (tmp_path / "paths.safetensors").unlink()
    with pytest.raises(OutputError, match=r"paths.safetensors is missing"):
        Connections.load(tmp_path)


def test_a_folder_that_cannot_be_made_is_one_clear_error(found, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        found.save(tmp_path / "file" / "folder")
