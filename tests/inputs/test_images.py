from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
import torch
from PIL import Image

from isthmus import Preprocessing, load_images
from isthmus.errors import ImageError, IsthmusWarning
from isthmus.inputs.images import read_image

RGB = Preprocessing()


def picture(file, size=(20, 30), mode="RGB", seed=0):
    shape = (size[1], size[0]) + ((len(mode),) if len(mode) > 1 else ())
    pixels = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    file.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels, mode).save(file)
    return pixels


def bomb(file, width=20_000, height=20_000):
    """A small PNG that says it is huge."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * 1000)
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b""))


@pytest.mark.filterwarnings("ignore:'mode' parameter:DeprecationWarning")
@pytest.mark.parametrize(("mode", "channels"), [("RGB", 3), ("L", 1), ("RGBA", 4)])
def test_pixels_come_back_in_data_units(tmp_path, mode, channels):
    pixels = picture(tmp_path / "a.png", mode=mode)
    x = read_image(tmp_path / "a.png", Preprocessing(channels=channels))
    assert x.shape == (channels, 30, 20) and x.dtype == torch.float32
    assert np.allclose(x.numpy() * 255, np.atleast_3d(pixels).transpose(2, 0, 1), atol=1e-3)


def test_resize_and_crop_as_torchvision_does(tmp_path):
    zoo = pytest.importorskip("isthmus.networks.zoo")
    transforms = zoo.import_zoo("torchvision").transforms
    picture(tmp_path / "a.png", size=(300, 200))
    ours = read_image(tmp_path / "a.png", Preprocessing(size=(96, 96), resize=128))
    pipeline = transforms.Compose([transforms.Resize(128), transforms.CenterCrop(96), transforms.PILToTensor()])
    theirs = pipeline(Image.open(tmp_path / "a.png")).float() / 255
    assert torch.allclose(ours, theirs, atol=1.5 / 255)


def test_an_image_that_has_the_final_size_is_taken_as_it_is(tmp_path):
    pixels = picture(tmp_path / "a.png", size=(96, 96))
    x = read_image(tmp_path / "a.png", Preprocessing(size=(96, 96), resize=128))
    assert np.array_equal((x.numpy() * 255).round().astype(np.uint8), pixels.transpose(2, 0, 1))


def test_without_resize_an_image_is_stretched(tmp_path):
    picture(tmp_path / "a.png")
    assert read_image(tmp_path / "a.png", Preprocessing(size=(8, 16))).shape == (3, 8, 16)


def test_sixteen_bits_a_pixel_are_scaled_not_clipped(tmp_path):
    Image.fromarray(np.full((4, 4), 32896, dtype=np.uint16)).save(tmp_path / "a.png")
    assert torch.allclose(read_image(tmp_path / "a.png", Preprocessing(channels=1)), torch.tensor(128 / 255), atol=1e-3)


def test_the_orientation_in_the_file_is_followed(tmp_path):
    image = Image.new("RGB", (10, 20))
    exif = image.getexif()
    exif[0x0112] = 6
    image.save(tmp_path / "a.jpg", exif=exif)
    assert read_image(tmp_path / "a.jpg", RGB).shape == (3, 10, 20)


def test_folders_are_read_in_order_with_their_names(tmp_path):
    for name in ("cat/1.png", "cat/0.png", "dog/5.jpg"):
        picture(tmp_path / name)
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    images = load_images(tmp_path)
    assert [str(f.relative_to(tmp_path)) for f in images.files] == ["cat/0.png", "cat/1.png", "dog/5.jpg"]
    assert images.folders == ("cat", "cat", "dog") and len(images) == 3 and images.skipped == {}


def make_bad(tmp_path):
    picture(tmp_path / "good.png")
    (tmp_path / "text.png").write_text("this is no image")
    (tmp_path / "empty.jpg").write_bytes(b"")
    (tmp_path / "short.png").write_bytes((tmp_path / "good.png").read_bytes()[:400])
    bomb(tmp_path / "bomb.png")
    picture(tmp_path / "other.png", size=(5, 5))


def test_bad_files_are_set_aside_by_name_and_the_rest_goes_on(tmp_path):
    make_bad(tmp_path)
    with pytest.warns(IsthmusWarning, match=r"1 of 6 images have another size than .*good.png"):
        images = load_images(tmp_path)
    assert repr(images) == f"Images(1 of shape {tuple(images.x.shape[1:])} in 1 folder, 5 set aside)"
    assert [f.name for f in images.files] == ["good.png"]
    reasons = {file.name: reason for file, reason in images.skipped.items()}
    assert "no image" in reasons["text.png"] and "no image" in reasons["empty.jpg"]
    assert "damaged" in reasons["short.png"] and "50 megapixels" in reasons["bomb.png"]
    assert "shape" in reasons["other.png"]
    assert all(file.name in reason and "\n" not in reason for file, reason in images.skipped.items())


@pytest.mark.parametrize("name", ["text.png", "empty.jpg", "short.png", "bomb.png", "absent.png"])
def test_strict_reading_raises_at_a_bad_file(tmp_path, name):
    make_bad(tmp_path)
    with pytest.raises(ImageError, match=name):
        load_images([tmp_path / name], strict=True)


def test_nothing_usable_is_an_error(tmp_path):
    with pytest.raises(ImageError, match="no image files"):
        load_images(tmp_path)
    with pytest.raises(ImageError, match="does not exist"):
        load_images(tmp_path / "absent")


def test_huge_is_refused_before_it_is_decoded(tmp_path):
    bomb(tmp_path / "a.png", 7100, 7100)
    with pytest.raises(ImageError, match="7100 x 7100"):
        read_image(tmp_path / "a.png")
