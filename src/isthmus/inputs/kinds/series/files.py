"""WAV files: read by scipy, refused where they are not what the network takes."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from isthmus._core.files import write_whole
from isthmus._core.shapes import Input, Inputs
from isthmus.errors import ImageError

if TYPE_CHECKING:
    from isthmus.inputs.kinds.series.kind import Series

FULL = 32767  # the highest value of 16 bits
LONGEST = 100_000_000  # samples


def read_wave(file: Path, kind: Series) -> Input:
    """A WAV file as (channels, samples), between -1 and 1.

    Raises:
        ImageError: missing, damaged, or of another rate, length or number of channels than the network takes.
    """
    from scipy.io import wavfile

    if not file.is_file():
        raise ImageError(f"{file} does not exist." if not file.exists() else f"{file} is no file.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", wavfile.WavFileWarning)  # a file cut short is damaged
            warnings.filterwarnings("ignore", "Chunk .non-data. not understood", wavfile.WavFileWarning)
            rate, values = wavfile.read(file)
    except Exception as error:  # a damaged file makes the reader raise almost anything
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise ImageError(f"{file} is no WAV file that can be read ({reason}).") from error
    if values.size == 0 or values.size > LONGEST:
        raise ImageError(f"{file} has {values.size:,} samples; between 1 and {LONGEST:,} are read.")
    if kind.rate is not None and rate != kind.rate:
        raise ImageError(
            f"{file} has {rate:g} samples a second, and the network takes {kind.rate:g}; bring it to that rate first "
            "(scipy.signal.resample_poly does)."
        )
    if values.dtype.kind != "f" and not kind.sound:
        raise ImageError(
            f"{file} holds whole numbers, which are shares of the loudest sound, and the network takes values in "
            f"{kind.unit or 'units of its own'}, from {kind.low:g} to {kind.high:g}; give them as a WAV file of "
            "floating-point numbers, or as an array."
        )
    wave = torch.from_numpy(_between_one(values).reshape(len(values), -1).T.copy())
    wanted = max(1, len(kind.channels))
    if len(wave) != wanted:
        raise ImageError(f"{file} has {len(wave)} channels, and the network takes {wanted}; mix or choose them first.")
    if not bool(wave.isfinite().all()):
        raise ImageError(f"{file} holds NaN or infinity.")
    wave = _of_length(wave, file, kind)
    return wave[0] if kind.flat else wave


def _between_one(values: NDArray[Any]) -> NDArray[Any]:
    """Whole numbers of 8 to 32 bits, or floating-point numbers, on the scale of sound."""
    if values.dtype == np.uint8:
        return (values.astype(np.float32) - 128) / 128
    if values.dtype.kind == "i":
        # 16 bits by 32767, so that what is written is read again as the same; -32768 is one step below -1.
        full = FULL if values.dtype == np.int16 else float(np.iinfo(values.dtype).max)
        return np.clip(values.astype(np.float64) / full, -1, 1).astype(np.float32)
    return values.astype(np.float32)


def _of_length(wave: Input, file: Path, kind: Series) -> Tensor:
    samples = wave.shape[-1]
    if kind.length is None or samples == kind.length:
        return wave
    if not kind.fill:
        raise ImageError(
            f"{file} has {samples:,} samples, and the network takes {kind.length:,}; cut or fill it, or give "
            "Series(fill=True)."
        )
    return torch.nn.functional.pad(wave[:, : kind.length], (0, max(0, kind.length - samples)))


def write_wave(x: Inputs, file: Path, rate: float) -> Path:
    """Writes (channels, samples) as a WAV file of 16 bits; what lies outside -1 ... 1 is clipped there."""
    from scipy.io import wavfile

    values = (x.detach().cpu().double().clamp(-1, 1) * FULL).round().to(torch.int16).numpy().T
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, lambda temporary: wavfile.write(temporary, round(rate), values))
    return file
