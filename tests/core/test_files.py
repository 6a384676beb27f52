from __future__ import annotations

import json

import pytest

from isthmus._core.files import write_json, write_whole
from isthmus.errors import OutputError


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("before")

    def fail(temporary) -> None:
        temporary.write_text("half")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_whole(file, fail)
    assert file.read_text() == "before" and [f.name for f in tmp_path.iterdir()] == ["a.txt"]
    write_whole(file, lambda temporary: temporary.write_text("after"))
    assert file.read_text() == "after" and [f.name for f in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk_is_one_clear_error(tmp_path):
    def full(temporary) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left on device"):
        write_whole(tmp_path / "a.txt", full)
    assert list(tmp_path.iterdir()) == []


def test_json_has_no_nan(tmp_path):
    write_json(tmp_path / "a.json", {"x": float("nan"), "y": [float("inf"), 1.5], "z": (1, 2)})
    assert json.loads((tmp_path / "a.json").read_text()) == {"x": None, "y": [None, 1.5], "z": [1, 2]}
