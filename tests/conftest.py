from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from PIL import Image

import isthmus

# Tests run side by side: more threads than cores would spend their time waiting for one another.
os.environ["OMP_NUM_THREADS"] = "1"  # of the programs that tests start
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def digits() -> isthmus.Landscape:
    return isthmus.Landscape(isthmus.load_network("digits"))


@pytest.fixture(scope="session")
def digit_images() -> tuple[torch.Tensor, torch.Tensor]:
    from sklearn.datasets import load_digits

    data = load_digits()
    held_out = torch.arange(0, len(data.target), 5)
    return torch.tensor(data.images).float()[held_out, None] / 16, torch.tensor(data.target)[held_out]


@pytest.fixture(scope="session")
def digit_pairs(digits, digit_images) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Sixteen pairs of correctly classified digits, half of them with a barrier on the direct path."""
    from isthmus.inputs.pairs import pairs_within

    x, target = digit_images
    loss, logits = digits.evaluate(x, target)
    groups = torch.where(logits.argmax(1) == target, target, -1).tolist()
    index = pairs_within(groups, loss, per_group=30)
    a, c, y = x[index[:, 0]], x[index[:, 1]], target[index[:, 0]]
    found = isthmus.connect(digits, a, c, y, method=isthmus.StraightLine())
    order = torch.tensor([pair.direct.gap for pair in found]).argsort(descending=True)
    chosen = torch.cat([order[:8], order[-8:]])
    return a[chosen], c[chosen], y[chosen]


@pytest.fixture(scope="session")
def assets() -> Path:
    from benchmarks.assets import folder

    place = folder()
    if place is None:
        pytest.skip("real networks and images are absent; name their folder in ISTHMUS_ASSETS")
    return place


@pytest.fixture
def as_installed():
    """Calls run as they do for users: without the checks of shapes and types that the tests add (and their random
    samples). For tests of what Isthmus itself says of unusable values, and of the state that it leaves behind."""
    from jaxtyping import config

    before = config.jaxtyping_disable
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", before)


@dataclass
class Ran:
    code: int
    out: str
    err: str

    def one_line(self) -> str:
        """The single line of a clean failure; on a busy machine lines of progress may stand before it."""
        lines = [line for line in self.err.strip().splitlines() if not line.partition(", ")[2].count(" a minute")]
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


def chromium() -> str | None:
    return next(
        (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
    )


@pytest.fixture(scope="module")
def browser():
    if chromium() is None:
        pytest.skip("no Chromium is installed")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (extra: test)")
    with playwright.sync_playwright() as driver:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
        opened = driver.chromium.launch(executable_path=chromium(), args=arguments)
        yield opened
        opened.close()
