from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from PIL import Image


@dataclass
class Ran:
    code: int
    out: str
    err: str

    def one_line(self) -> str:
        """The single line of a clean failure."""
        lines = self.err.strip().splitlines()
        assert len(lines) == 1 and lines[0].startswith("isthmus: ") and "Traceback" not in self.err, self.err
        return lines[0]


@pytest.fixture
def program(capsys, monkeypatch):
    """Runs the program in this process, as a shell would."""
    from isthmus.cli.main import run

    monkeypatch.setenv("COLUMNS", "140")

    def call(*arguments: object) -> Ran:
        texts = [str(argument) for argument in arguments]
        monkeypatch.setattr("sys.argv", ["isthmus", *texts])
        capsys.readouterr()
        code = run(texts)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return call


@pytest.fixture(scope="session")
def digit_folder(tmp_path_factory, digit_images):
    """The first held-out digits as files, one folder a class."""
    folder = tmp_path_factory.mktemp("digits")
    x, target = digit_images
    for number in range(80):
        file = folder / str(int(target[number])) / f"{number:03d}.png"
        file.parent.mkdir(exist_ok=True)
        Image.fromarray((x[number, 0] * 255).round().to(torch.uint8).numpy()).save(file)
    return folder


@pytest.fixture(scope="session")
def two(digit_folder):
    """Two files of one class."""
    return sorted((digit_folder / "4").iterdir())[:2]
