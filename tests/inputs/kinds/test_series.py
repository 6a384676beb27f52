from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.io import wavfile

import isthmus
from isthmus.errors import ImageError, InputError
from isthmus.inputs import Series


@pytest.mark.parametrize(
    ("dtype", "scale"),
    [(np.int16, 32767), (np.int32, 2**31 - 1), (np.float32, 1.0), (np.float64, 1.0), (np.uint8, None)],
)
def test_sound_files_of_every_depth(tmp_path, dtype, scale):
    wave = np.array([0.0, 0.5, -0.5, 0.25])
    values = (wave * 128 + 128) if scale is None else wave * scale
    wavfile.write(tmp_path / "a.wav", 8000, values.astype(dtype))
    read = Series(rate=8000).read(str(tmp_path / "a.wav"))
    assert read.shape == (1, 4) and read.dtype == torch.float32
    assert torch.allclose(read[0].double(), torch.tensor(wave), atol=1e-2 if scale is None else 4e-5)


def test_channels_and_flat_inputs(tmp_path):
    wavfile.write(tmp_path / "two.wav", 8000, np.zeros((5, 2), np.int16))
    assert Series(rate=8000, channels=("left", "right")).read(str(tmp_path / "two.wav")).shape == (2, 5)
    wavfile.write(tmp_path / "one.wav", 8000, np.zeros(5, np.int16))
    assert Series(rate=8000, flat=True).read(str(tmp_path / "one.wav")).shape == (5,)


def test_what_is_written_is_heard_again(tmp_path):
    wave = torch.rand(1, 400, generator=torch.Generator().manual_seed(0)) * 2 - 1
    kind = Series(rate=16000)
    file = kind.write(wave, tmp_path / "deep" / "wave")
    assert file.suffix == ".wav" and wavfile.read(file)[0] == 16000
    assert torch.equal(kind.read(str(file)), kind.nearest(wave[None])[0])
    with pytest.raises(InputError, match="known rate"):
        Series().write(wave, tmp_path / "other")


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Series(rate=16000), "8000 samples a second, and the network takes 16000; bring it to that rate"),
        (Series(rate=8000, length=100), "has 50 samples, and the network takes 100"),
        (Series(rate=8000, channels=("a", "b")), "has 1 channels, and the network takes 2"),
    ],
)
def test_other_files_are_refused_in_one_line(tmp_path, kind, message):
    wavfile.write(tmp_path / "a.wav", 8000, np.zeros(50, np.int16))
    with pytest.raises(ImageError, match=message) as caught:
        kind.read(str(tmp_path / "a.wav"))
    assert "\n" not in str(caught.value)


def test_damaged_files_are_refused_in_one_line(tmp_path):
    whole = tmp_path / "whole.wav"
    wavfile.write(whole, 8000, np.arange(1000, dtype=np.int16))
    data = whole.read_bytes()
    for name, content in (("cut", data[:700]), ("text", b"no sound"), ("empty", b""), ("head", data[:20])):
        (tmp_path / f"{name}.wav").write_bytes(content)
        with pytest.raises(ImageError, match=r"no WAV file that can be read|holds|samples") as caught:
            Series().read(str(tmp_path / f"{name}.wav"))
        assert "\n" not in str(caught.value)
    wavfile.write(tmp_path / "nan.wav", 8000, np.array([0, np.nan, 0], np.float32))
    with pytest.raises(ImageError, match="NaN or infinity"):
        Series().read(str(tmp_path / "nan.wav"))
    with pytest.raises(ImageError, match="does not exist"):
        Series().read(str(tmp_path / "nowhere.wav"))


def test_filling_and_cutting_is_asked_for(tmp_path):
    wavfile.write(tmp_path / "a.wav", 8000, np.full(50, 1000, np.int16))
    longer, shorter = (Series(length=length, fill=True).read(str(tmp_path / "a.wav")) for length in (80, 30))
    assert longer.shape == (1, 80) and bool((longer[0, 50:] == 0).all()) and bool((longer[0, :50] != 0).all())
    assert shorter.shape == (1, 30)


def test_a_folder_of_classes(tmp_path):
    for label in ("low", "high"):
        (tmp_path / label).mkdir()
        for number in range(2):
            wavfile.write(tmp_path / label / f"{number}.wav", 8000, np.full(10, number, np.int16))
    (tmp_path / "notes.txt").write_text("no sound")
    found = Series(rate=8000).open(tmp_path)
    assert found.labels == ("high", "high", "low", "low") and list(found.ignored) == ["notes.txt"]
    assert found.read(1, None).shape == (1, 10)


def test_its_domain_and_words():
    landscape = isthmus.Landscape(isthmus.Network(torch.nn.Conv1d(1, 2, 10), input_kind=Series(rate=8000), check=False))
    assert landscape.domain == isthmus.Box(-1, 1)
    kind = Series(rate=8000)
    wave = torch.full((1, 4000), 0.5)
    assert kind.reading(wave) == "0.5 s, root mean square 0.5 full scale"
    assert kind.reading(wave + 0.05, wave) == "changed by 0.05 full scale (root mean square, -20 dB)"
    for bad in ({"rate": 0}, {"length": 0}, {"low": 1, "high": 1}, {"flat": True, "channels": ("a", "b")}):
        with pytest.raises(InputError):
            Series(**bad)
    with pytest.raises(InputError, match=r"\(channels, samples\), got \(5,\)"):
        kind.check((5,))


def test_whole_numbers_are_sound_and_no_millivolts(tmp_path):
    kind = Series(rate=500, channels=("ecg",), unit="mV", low=-5, high=5)
    wavfile.write(tmp_path / "whole.wav", 500, np.array([0, 16384, -16384], np.int16))
    with pytest.raises(
        ImageError, match="shares of the loudest sound, and the network takes values in mV, from -5 to 5"
    ):
        kind.read(str(tmp_path / "whole.wav"))
    wavfile.write(tmp_path / "real.wav", 500, np.array([0.0, 3.5, -4.25], np.float32))
    assert kind.read(str(tmp_path / "real.wav"))[0].tolist() == [0.0, 3.5, -4.25]


def test_a_rate_that_wav_does_not_know_is_refused(tmp_path):
    with pytest.raises(InputError, match=r"whole numbers of samples a second, got 11025\.5"):
        Series(rate=11025.5).write(torch.zeros(1, 4), tmp_path / "wave")
