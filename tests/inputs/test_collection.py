from __future__ import annotations

import numpy as np
import pytest
import torch

from isthmus import IsthmusError, Preprocessing
from isthmus.inputs.collection import open_collection
from isthmus.inputs.kinds import Images


def test_the_digits_are_those_that_the_network_never_saw(digit_images):
    found = open_collection("digits")
    x, target = digit_images
    assert len(found) == len(x) == 360 and found.names[1] == "digit 5"
    torch.testing.assert_close(found.read(7, None), x[7])
    assert [int(label) for label in found.labels] == target.tolist()


def test_a_folder(digit_folder):
    found = open_collection(digit_folder)
    assert len(found) == 80 and found.names[0] == "0/000.png" and found.labels[0] == "0"
    assert found.read(0, Images(Preprocessing(channels=1))).shape == (1, 8, 8)
    assert len({found.digest(number) for number in range(80)}) == 80
    (four,) = set(open_collection(digit_folder / "4").labels)
    assert four is None  # without sub-folders, nothing is said of classes


def test_arrays(tmp_path):
    grey = np.arange(2 * 4 * 4, dtype=np.uint8).reshape(2, 4, 4)
    colour = np.zeros((2, 4, 5, 3), np.uint8)
    colour[0, 1, 2] = (255, 0, 51)
    rows = np.linspace(0, 1, 10).reshape(2, 5)
    np.savez(tmp_path / "a.npz", x=grey, colour=colour, rows=rows, y=np.array([3, 1]), names=np.array(["cat", "dog"]))
    found = open_collection(tmp_path / "a.npz")
    assert found.labels == ("3", "1") and found.names == ("x[0]", "x[1]")
    torch.testing.assert_close(found.read(1, None), torch.arange(16, 32).reshape(1, 4, 4) / 255)
    found = open_collection(tmp_path / "a.npz", x="colour", y="names")
    assert found.labels == ("cat", "dog") and found.read(0, None).shape == (3, 4, 5)
    torch.testing.assert_close(found.read(0, None)[:, 1, 2], torch.tensor([1.0, 0.0, 0.2]))
    found = open_collection(tmp_path / "a.npz", x="rows")
    assert found.read(1, None).dtype == torch.float64 and found.digest(0) != found.digest(1)


def test_what_cannot_be_used_is_said(tmp_path):
    np.savez(tmp_path / "a.npz", z=np.zeros(3), y=np.zeros(3))
    np.savez(tmp_path / "b.npz", x=np.zeros((2, 3)), y=np.zeros(3), whole=np.zeros((2, 3), int))
    (tmp_path / "c.npz").write_bytes(b"nothing")
    (tmp_path / "empty").mkdir()
    for source, options, expected in [
        ("nowhere", {}, "no folder of images and no .npz"),
        ("a.npz", {}, "no array x. it has z, y"),
        ("b.npz", {"y": "w"}, "no array w"),
        ("b.npz", {}, r"labels of x must have the shape \(2,\)"),
        ("b.npz", {"x": "whole"}, "bytes or floating-point"),
        ("c.npz", {}, "no readable .npz"),
        ("empty", {}, "holds no image files"),
    ]:
        with pytest.raises(IsthmusError, match=expected):
            open_collection(tmp_path / source, **options)


def test_no_code_in_arrays_is_run(tmp_path):
    np.savez(tmp_path / "evil.npz", x=np.array([{"a": 1}], dtype=object))
    with pytest.raises(IsthmusError, match="no readable"):
        open_collection(tmp_path / "evil.npz")


def test_a_damaged_name_of_an_array_is_noticed(tmp_path):
    """It stands twice in the file; without it the labels would be left out."""
    file = tmp_path / "images.npz"
    np.savez(file, x=np.zeros((2, 1, 8, 8), np.float32), y=np.arange(2))
    good = file.read_bytes()
    places = [place for place in range(len(good)) if good[place : place + 5] == b"y.npy"]
    assert len(places) == 2
    for place in places:
        file.write_bytes(good[:place] + b"Y" + good[place + 1 :])
        with pytest.raises(IsthmusError, match="readable"):
            open_collection(file)
