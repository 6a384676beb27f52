"""Each kind of bad input: one clear line, exit code 1, and nothing half-written."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image


@pytest.fixture
def refused(program, tmp_path):
    def call(*arguments, says: str, out=None) -> None:
        target = tmp_path / "run" if out is None else out
        ran = program("connect", *arguments, "--out", target, "--pictures", "0")
        assert ran.code == 1, (ran.code, ran.out, ran.err)
        assert says in ran.one_line()
        assert out is not None or not target.exists()
        assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]

    return call


def test_missing_file(refused, two, tmp_path):
    refused(two[0], tmp_path / "absent.png", says="absent.png does not exist")


def test_truncated_image(refused, two, tmp_path):
    (tmp_path / "short.png").write_bytes(two[1].read_bytes()[:60])
    refused(two[0], tmp_path / "short.png", says="short.png")


def test_no_image(refused, two, tmp_path):
    (tmp_path / "text.png").write_text("hello")
    refused(two[0], tmp_path / "text.png", says="is no image that can be read")


def test_oversized_image(refused, two, tmp_path):
    Image.new("1", (7200, 7200)).save(tmp_path / "big.png")
    refused(two[0], tmp_path / "big.png", says="at most 50 megapixels")


def test_different_sizes(refused, tmp_path, monkeypatch):
    for name, size in (("a.png", (8, 8)), ("c.png", (9, 8))):
        Image.new("RGB", size).save(tmp_path / name)
    (tmp_path / "any_size.py").write_text(
        "import torch\ndef make():\n"
        "    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten())\n"
    )
    monkeypatch.chdir(tmp_path)
    refused(tmp_path / "a.png", tmp_path / "c.png", "--network", "py:any_size:make", says="(3, 8, 9)")


def test_ends_of_different_classes(refused, digit_folder):
    ends = [next(iter(sorted((digit_folder / digit).iterdir()))) for digit in "07"]
    refused(*ends, says="predicts 0 for A and 7 for C")


@pytest.mark.parametrize("target", ["10", "-1"])
def test_target_out_of_range(refused, two, target):
    refused(*two, f"--target={target}", says="0 ... 9")


def test_a_network_that_returns_nan(refused, two, tmp_path):
    from safetensors.torch import save_file

    from isthmus import load_network

    state = load_network("digits").model.state_dict()
    save_file({key: value * torch.nan for key, value in state.items()}, tmp_path / "nan.safetensors")
    refused(*two, "--weights", tmp_path / "nan.safetensors", says="NaN")
    refused(*two, "--weights", tmp_path / "nan.safetensors", "--target", "4", says="NaN")


def test_weights_that_do_not_fit(refused, two, tmp_path):
    np.savez(tmp_path / "w.npz", other=np.zeros(3))
    refused(*two, "--weights", tmp_path / "w.npz", says="lacks 0.weight, 0.bias, 2.weight and 7 more")


def test_a_pickle_that_is_not_plain_weights(refused, two, tmp_path):
    torch.save({"model": torch.nn.Linear(2, 2)}, tmp_path / "w.pt")
    refused(*two, "--weights", tmp_path / "w.pt", says="reading them could run code")


def test_missing_weights(refused, two, tmp_path):
    refused(*two, "--weights", tmp_path / "absent.npz", says="do not exist")


def test_folder_that_is_not_empty(refused, two, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    refused(*two, out=tmp_path / "full", says="is not empty")
    assert [f.name for f in (tmp_path / "full").iterdir()] == ["mine.txt"]


def test_folder_that_cannot_be_written(refused, two, tmp_path):
    (tmp_path / "file").write_text("mine")
    refused(*two, out=tmp_path / "file" / "run", says="file/run cannot be written")
    refused(*two, out=tmp_path / "file", says="is a file")
    refused(*two, out="/proc/run", says="/proc/run cannot be written")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--network", "resnet18"), "no network spec"),
        (("--device", "cuda:77"), "device cuda:77"),
        (("--device", "toaster"), "device toaster"),
        (("--max-batch", "many"), "--max-batch"),
        (("--mean", "a,b"), "--mean"),
        (("--size", "8y8"), "--size"),
        (("--rounds", "-2"), "rounds >= 0"),
        (("--overwrite", "--resume"), "exclude one another"),
    ],
)
def test_options_that_mean_nothing(refused, two, arguments, says):
    refused(*two, *arguments, says=says)


@pytest.mark.parametrize(
    ("text", "says"),
    [("", "needs a first line"), ("x,y\n1,2\n", "needs a first line"), ("a,c\n", "needs a first line"),
     ("a,c\nabsent.png,absent.png\n", "absent.png")],
)  # fmt: skip
def test_lists_that_are_no_lists(refused, tmp_path, text, says):
    (tmp_path / "pairs.csv").write_text(text)
    refused("--pairs", tmp_path / "pairs.csv", says=says)


def test_lists_and_folders_that_are_not_there(refused, tmp_path):
    refused("--pairs", tmp_path / "absent.csv", says="cannot be read")
    refused("--inputs", tmp_path / "absent", says="is no folder")
    (tmp_path / "empty").mkdir()
    refused("--inputs", tmp_path / "empty", says="no image files")


def test_no_source_or_two(refused, two, tmp_path):
    refused(says="exactly one of the three")
    refused(two[0], says="exactly one of the three")
    refused(*two, "--inputs", tmp_path, says="exactly one of the three")


@pytest.mark.parametrize(
    "arguments", [("connect", "--no-such-option"), ("fly",), ("connect", "--rounds", "x", "a", "c")]
)
def test_usage_errors_exit_with_two(program, arguments):
    ran = program(*arguments)
    assert ran.code == 2 and "--help" in ran.one_line()


def _own_seconds(*arguments: str) -> float:
    """What Python takes of a processor, whatever runs beside it."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_help_answers_at_once_without_torch():
    code = "import sys; from isthmus.cli.main import run; run(['--help']); assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)
    help_alone = min(_own_seconds("-m", "isthmus", "connect", "--help") for _ in range(3))
    assert help_alone < _own_seconds("-c", "import torch") / 3  # 0.3 s where torch takes 1.5: machines differ


def test_importing_prints_nothing_and_loads_no_plotting():
    code = "import sys, isthmus; isthmus.connect; assert not {'matplotlib', 'pyarrow', 'sklearn'} & set(sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout == done.stderr == ""


@pytest.mark.parametrize(
    "arguments", [("--pairs-per-class", "-1"), ("--lowest-loss", "0"), ("--pictures", "-1"), ("--target=" + "9" * 25,)]
)
def test_counts_that_would_mean_something_else(program, two, tmp_path, arguments):
    ran = program("connect", *two, *arguments, "--out", tmp_path / "run")
    assert ran.code == 1 and ran.one_line() and not (tmp_path / "run").exists()


def test_one_bad_target_or_folder_name_does_not_stop_the_rest(program, digit_folder, two, tmp_path):
    import shutil

    a, c = two
    (tmp_path / "pairs.csv").write_text(f"a,c,target\n{a},{c},88\n{a},{c},4\n")
    ran = program("connect", "--pairs", tmp_path / "pairs.csv", "--out", tmp_path / "list", "--pictures", 0)
    assert ran.code == 0 and "0 ... 9" in ran.err and "1 pair:" in ran.out
    folder = tmp_path / "images"
    shutil.copytree(digit_folder / "4", folder / "2024")
    shutil.copytree(digit_folder / "5", folder / "5")
    ran = program("connect", "--inputs", folder, "--pairs-per-class", 1, "--out", tmp_path / "run", "--pictures", 0)
    assert ran.code == 0 and "2 pairs" in ran.out


def test_names_that_are_no_text(program, two, tmp_path):
    import os

    strange = os.fsencode(tmp_path) + b"/a\xff.png"
    Path(os.fsdecode(strange)).write_bytes(two[0].read_bytes())
    ran = program("connect", os.fsdecode(strange), two[1], "--out", tmp_path / "run", "--pictures", 1)
    assert ran.code == 0 and (tmp_path / "run" / "result.json").exists()


def test_a_factory_that_fails(refused, two, tmp_path, monkeypatch):
    (tmp_path / "failing_net.py").write_text("def make():\n    raise ValueError('no such thing')\n")
    monkeypatch.chdir(tmp_path)
    refused(*two, "--network", "py:failing_net:make", says="no such thing")


def test_an_image_of_a_size_that_the_network_cannot_take(refused, two, tmp_path, monkeypatch):
    (tmp_path / "narrow_net.py").write_text(
        "import torch\ndef make():\n"
        "    return torch.nn.Sequential(torch.nn.Conv2d(1, 2, 3), torch.nn.Flatten(), torch.nn.Linear(5, 3))\n"
    )
    monkeypatch.chdir(tmp_path)
    refused(*two, "--network", "py:narrow_net:make", says="does not accept inputs of shape (1, 8, 8)")


def test_an_interruption_while_the_program_starts_is_clean(tmp_path):
    (tmp_path / "cyclopts.py").write_text("raise KeyboardInterrupt\n")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); from isthmus.__main__ import main; main()"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (130, "isthmus: interrupted; nothing was written\n")
