"""`--target` says which class of a folder, and a folder without sub-folders says what it counts as."""

from __future__ import annotations

from isthmus._core.files import read_json


def classes(out) -> set[int]:
    return {row["target"] for row in read_json(out / "result.json")["rows"]}


def test_a_target_chooses_the_class_of_a_folder(program, digit_folder, tmp_path):
    given = ("connect", "--inputs", str(digit_folder), "--pairs-per-class", "1", "--pictures", "0")
    program(*given, "--target", "8", "--out", str(tmp_path / "eights"))
    assert classes(tmp_path / "eights") == {8}
    program(*given, "--out", str(tmp_path / "all"))
    assert len(classes(tmp_path / "all")) > 1
    only = ("connect", "--inputs", str(digit_folder / "8"), "--target", "3", "--out", str(tmp_path / "threes"))
    assert "the class 3 has not two images" in program(*only).err


def test_a_folder_without_sub_folders_says_what_it_counts_as(program, digit_folder, tmp_path):
    said = program(
        "connect",
        "--inputs",
        str(digit_folder / "8"),
        "--pairs-per-class",
        "1",
        "--pictures",
        "0",
        "--out",
        str(tmp_path / "o"),
    )
    assert "each counts for the class that the network sees" in said.err + said.out
