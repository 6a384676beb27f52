"""What is lost of image files is said where it is nearly all: photographs for a network of digits."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from isthmus import Preprocessing, load_images
from isthmus.cli.main import run
from isthmus.errors import IsthmusWarning
from isthmus.inputs.lost import what_is_lost

SMALL_GREY = Preprocessing(size=(8, 8), channels=1)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A photograph-like picture, the same in grey kept as RGB, a small coloured one, and no picture."""
    folder = tmp_path_factory.mktemp("lost")
    random = np.random.default_rng(0)
    pixels = Image.fromarray(random.integers(0, 256, (6, 8, 3), dtype=np.uint8)).resize((400, 300))
    pixels.save(folder / "photo.jpg")
    pixels.convert("L").convert("RGB").save(folder / "grey.png")
    pixels.resize((20, 16)).save(folder / "small.png")
    (folder / "broken.png").write_bytes(b"no picture")
    return folder


def test_small_and_grey_is_said(files):
    said = what_is_lost([files / "photo.jpg"], SMALL_GREY)
    assert said.startswith("Most images are made more than 12 times smaller a side (8 x 8 pixels) and grey")
    assert "colours" not in what_is_lost([files / "grey.png"], SMALL_GREY)
    assert "smaller" not in what_is_lost([files / "small.png"], SMALL_GREY)
    assert what_is_lost([files / "grey.png"], Preprocessing(channels=1)) is None


def test_what_is_usual_is_not_said(files):
    assert what_is_lost([files / "photo.jpg"], Preprocessing(size=(224, 224))) is None
    assert what_is_lost([files / "photo.jpg"], None) is None
    assert what_is_lost([files / "broken.png", files / "missing.png"], SMALL_GREY) is None
    assert (
        what_is_lost([files / "photo.jpg", files / "grey.png", files / "grey.png"], Preprocessing(channels=1)) is None
    )


def test_it_is_said_in_python_and_on_the_command_line(files, tmp_path, capsys):
    with pytest.warns(IsthmusWarning, match="is this network for such images"):
        load_images([files / "photo.jpg"], preprocessing=SMALL_GREY)
    photo = str(files / "photo.jpg")
    run(["connect", photo, photo, "--out", str(tmp_path / "o"), "--target", "predicted"])
    assert "isthmus: note: Most images are made" in capsys.readouterr().err
