"""The same pixels as the libraries that own the weights, and files that say what they are."""

from __future__ import annotations

import logging
import os

import numpy as np
import pytest
import torch
from PIL import Image, ImageFile

from isthmus.errors import ImageError, MissingLibraryError
from isthmus.inputs.files import FolderCollection
from isthmus.inputs.images import load_images, read_image
from isthmus.inputs.preprocessing import Preprocessing
from isthmus.networks import specs
from isthmus.networks.zoo import import_zoo

SIZES = [(500, 375), (375, 500), (333, 500), (512, 512), (301, 300), (257, 611), (640, 229), (226, 225), (200, 180)]
TORCHVISION = ["resnet18", "googlenet", "mobilenet_v3_large", "efficientnet_b0", "vit_b_16", "swin_t", "convnext_tiny"]
TIMM = ["vit_tiny_patch16_224", "deit_tiny_patch16_224", "swin_tiny_patch4_window7_224", "resnet10t", "mixnet_s",
        "eva02_tiny_patch14_336", "resnetv2_50x1_bit", "tf_efficientnet_b1"]  # fmt: skip


def zoo(name):
    try:
        return import_zoo(name)
    except MissingLibraryError as error:
        pytest.skip(str(error))


def pictures(tmp_path):
    """Smooth pictures with noise, of odd sizes, landscape and portrait."""
    random = np.random.default_rng(0)
    for number, (width, height) in enumerate(SIZES):
        small = Image.fromarray(random.integers(0, 255, (9, 7, 3), dtype=np.uint8)).resize((width, height), 3)
        pixels = np.asarray(small, dtype=int) + random.integers(-20, 20, (height, width, 3))
        file = tmp_path / f"{number}.png"
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(file)
        yield file


def agree(file, preprocessing, transform, mean, std):
    mine = read_image(file, preprocessing)
    theirs = transform(Image.open(file).convert("RGB"))
    theirs = theirs * torch.tensor(std)[:, None, None] + torch.tensor(mean)[:, None, None]
    assert mine.shape == theirs.shape, file
    assert float((mine - theirs.clamp(0, 1)).abs().max()) < 1.01 / 255, (file, preprocessing)


@pytest.mark.parametrize("name", TORCHVISION)
def test_pixels_are_those_of_torchvision(tmp_path, name):
    models = zoo("torchvision").models
    transform = models.get_model_weights(name).DEFAULT.transforms()
    made = specs._recipe(f"untrained:torchvision:{name}", pretrained=False)
    for file in pictures(tmp_path):
        agree(file, made.preprocessing, transform, transform.mean, transform.std)


@pytest.mark.parametrize("name", TIMM)
def test_pixels_are_those_of_timm(tmp_path, name):
    zoo("torchvision")
    timm = zoo("timm")
    if not timm.is_model(name):
        pytest.skip(f"this timm has no {name}")
    made = specs._recipe(f"untrained:timm:{name}", pretrained=False)
    config = timm.data.resolve_model_data_config(timm.create_model(name, pretrained=False))
    transform = timm.data.create_transform(**config, is_training=False)
    for file in pictures(tmp_path):
        agree(file, made.preprocessing, transform, config["mean"], config["std"])


@pytest.mark.parametrize("mode", ["center", "squash", "border"])
@pytest.mark.parametrize("size", [(96, 96), (64, 100)])
@pytest.mark.parametrize("interpolation", ["bilinear", "bicubic", "nearest", "lanczos"])
def test_every_way_of_cropping_of_timm(tmp_path, mode, size, interpolation):
    zoo("torchvision")
    timm = zoo("timm")
    mean, std = (0.4, 0.5, 0.6), (0.2, 0.25, 0.3)
    transform = timm.data.create_transform(
        input_size=(3, *size), interpolation=interpolation, mean=mean, std=std, crop_pct=0.9, crop_mode=mode
    )
    mine = Preprocessing(
        size=size,
        resize=tuple(int(side / 0.9) for side in size),
        crop_mode=mode,
        fill=tuple(round(255 * value) for value in mean),
        interpolation=interpolation,
    )
    for file in pictures(tmp_path):
        agree(file, mine, transform, mean, std)


RAMP = np.tile(np.linspace(0, 1, 16), (16, 1))


@pytest.mark.parametrize(
    ("name", "pixels"),
    [
        ("i16.png", (RAMP * 65535).round().astype("uint16")),
        ("i16.tif", (RAMP * 65535).round().astype("uint16")),
        ("f.tif", RAMP.astype("float32")),
        ("one.png", RAMP > 0.5),
        ("l.png", (RAMP * 255).round().astype("uint8")),
    ],
)
def test_deep_files_are_read_right(tmp_path, name, pixels):
    Image.fromarray(pixels).save(tmp_path / name)
    expected = RAMP > 0.5 if name == "one.png" else RAMP
    for channels in (1, 3):
        found = read_image(tmp_path / name, Preprocessing(channels=channels))
        assert np.abs(found[0].numpy() - expected).max() < 0.003


@pytest.mark.parametrize(
    ("name", "pixels", "says"),
    [
        ("12.tif", (RAMP * 4095).round().astype("uint16"), "16-bit values go from 0 to 4095"),
        ("i32.tif", (RAMP * 255).round().astype("int32"), "32-bit values"),
        ("i32.tif", (RAMP * 65535).round().astype("int32"), "32-bit values"),
        ("f.tif", (RAMP * 255).astype("float32"), "floating-point values go from 0 to 255"),
        ("f.tif", (RAMP - 0.5).astype("float32"), "floating-point values go from -0.5"),
    ],
)
def test_files_of_an_unknown_range_are_refused(tmp_path, name, pixels, says):
    Image.fromarray(pixels).save(tmp_path / name)
    with pytest.raises(ImageError, match=says):
        read_image(tmp_path / name)


def test_what_is_transparent_is_white_and_said(tmp_path, caplog):
    pixels = np.zeros((8, 8, 4), dtype=np.uint8)
    pixels[:, 4:] = (10, 20, 30, 255)
    pixels[:, :4] = (99, 0, 0, 0)  # hidden colour
    Image.fromarray(pixels, "RGBA").save(tmp_path / "cut.png")
    with caplog.at_level(logging.INFO, logger="isthmus"):
        found = read_image(tmp_path / "cut.png")
    assert bool((found[:, :, :4] == 1).all()) and found[:, 0, 7].mul(255).round().tolist() == [10, 20, 30]
    assert "transparent" in caplog.text
    assert read_image(tmp_path / "cut.png", Preprocessing(channels=4))[3, 0, 0] == 0


def test_half_a_photograph_stays_an_error(tmp_path, monkeypatch):
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (300, 300, 3), dtype=np.uint8)).save(tmp_path / "a.jpg")
    content = (tmp_path / "a.jpg").read_bytes()
    (tmp_path / "a.jpg").write_bytes(content[: len(content) // 2])
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    with pytest.raises(ImageError, match="damaged"):
        read_image(tmp_path / "a.jpg")
    assert ImageFile.LOAD_TRUNCATED_IMAGES


def test_no_program_is_run_for_a_file_that_is_no_image(tmp_path, monkeypatch):
    (tmp_path / "photo.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n")
    ran = tmp_path / "ran"
    (tmp_path / "gs").write_text(f"#!/bin/sh\ntouch {ran}\n")
    (tmp_path / "gs").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(ImageError, match="no image that can be read"):
        read_image(tmp_path / "photo.png")
    assert not ran.exists()


def put(file):
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((8, 8), dtype=np.uint8)).save(file)


def test_labels_are_the_first_folders_and_hidden_ones_take_no_part(tmp_path):
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    for name in ("cat/a.png", "cat/part1/b.png", "dog/part2/deep/c.png", ".ipynb_checkpoints/x.png", "cat/._a.png",
                 "cat/.ipynb_checkpoints/y.png", "__MACOSX/cat/z.png"):  # fmt: skip
        put(root / name)
    (root / "cat" / "notes.txt").write_text("no image")
    put(elsewhere / "d.png")
    (root / "bird").symlink_to(elsewhere, target_is_directory=True)
    (root / "dog" / "round").symlink_to(root, target_is_directory=True)  # a circle
    found = FolderCollection(root)
    assert dict(zip(found.names, found.labels, strict=True)) == {
        "bird/d.png": "bird", "cat/a.png": "cat", "cat/part1/b.png": "cat", "dog/part2/deep/c.png": "dog",
    }  # fmt: skip
    assert found.ignored == {"cat/notes.txt": "Its ending is none of an image."}
    assert load_images(root).folders == ("bird", "cat", "cat", "dog")


def test_folders_that_became_one_class_are_named(digits, tmp_path):
    from isthmus.loading import survey

    x = torch.rand(1, 8, 8)
    for name in ("sunset", "forest"):
        (tmp_path / name).mkdir()
        for k in range(2):
            Image.fromarray((x[0] * 255).byte().numpy()).save(tmp_path / name / f"{k}.png")
    notes = survey(FolderCollection(tmp_path), digits).notes(digits.class_names)
    assert any("the same class (forest, sunset)" in note for note in notes)


def test_folders_that_count_from_one_are_noticed(digits, digit_images, tmp_path):
    from isthmus.loading import survey

    x, y = digit_images
    for number in range(40):
        file = tmp_path / str(int(y[number]) + 1) / f"{number}.png"
        file.parent.mkdir(exist_ok=True)
        Image.fromarray((x[number, 0] * 255).round().byte().numpy()).save(file)
    found = survey(FolderCollection(tmp_path), digits)
    first, folders, warned = found.notes(digits.class_names)
    assert int(found.recognised.sum()) < 8 and first.startswith(f"{int(found.recognised.sum())} of 40 inputs are recog")
    assert "1 is class 1," in folders and "seem to count classes from 1" in warned
