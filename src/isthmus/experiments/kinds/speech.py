"""Speech from eSpeak NG, through the shared library that `espeakng-loader` installs."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from isthmus.errors import MissingLibraryError

RATE, SECONDS = 8000, 0.5
SAMPLES = int(RATE * SECONDS)
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
TONGUES = ("de", "en", "es", "fi", "fr", "it")
NUMBERS = 20
VARIANTS = ("", "+m1", "+m2", "+m3", "+m5", "+f1", "+f2", "+f3", "+f4", "+croak")
PITCHES = (35, 60)
SPEEDS = (175, 230)
_SYNCHRONOUS, _RATE, _PITCH, _UTF8 = 2, 1, 3, 1  # of the library's own header


def spoken(name: str) -> Iterator[tuple[str, int, Tensor, int]]:
    """Class, number, wave (samples,) and rate of each utterance of a set: `digits` or `tongues`.

    Raises:
        MissingLibraryError: espeakng-loader is not installed.
    """
    voices = Voices()
    ways = [(variant, pitch, speed) for variant in VARIANTS for pitch in PITCHES for speed in SPEEDS]
    if name == "digits":
        for digit, word in enumerate(DIGITS):
            for number, (variant, pitch, speed) in enumerate(ways):
                yield str(digit), number, voices.say(word, f"en{variant}", pitch, speed), RATE
    else:
        for tongue in TONGUES:
            for number in range(NUMBERS):
                for place, (variant, pitch, speed) in enumerate(ways[number % 4 :: 4]):
                    wave = voices.say(str(number + 1), f"{tongue}{variant}", pitch, speed)
                    yield tongue, number * 10 + place, wave, RATE


class Voices:
    """The synthesiser. One a process: the library has one state."""

    def __init__(self) -> None:
        try:
            import espeakng_loader
        except ImportError as error:
            raise MissingLibraryError(
                f"Speech needs espeakng-loader ({error}); install it: pip install 'isthmus[kinds]'."
            ) from error
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        self._parts: list[NDArray[Any]] = []
        kind = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
        self._callback = kind(self._take)  # kept: the library calls it later
        self._rate = self._library.espeak_Initialize(_SYNCHRONOUS, 0, espeakng_loader.get_data_path().encode(), 0)
        if self._rate <= 0:
            raise MissingLibraryError("eSpeak NG could not be started; is espeakng-loader complete?")
        self._library.espeak_SetSynthCallback(self._callback)

    def _take(self, wave: Any, count: int, _events: Any) -> int:
        if wave and count > 0:
            self._parts.append(np.ctypeslib.as_array(wave, (count,)).copy())
        return 0

    def say(self, text: str, voice: str, pitch: int, speed: int) -> Tensor:
        """A wave (SAMPLES,) between -1 and 1, from where the sound begins."""
        from scipy.signal import resample_poly

        self._parts.clear()
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise MissingLibraryError(f"eSpeak NG has no voice {voice}; is espeakng-loader complete?")
        self._library.espeak_SetParameter(_PITCH, pitch, 0)
        self._library.espeak_SetParameter(_RATE, speed, 0)
        raw = text.encode() + b"\0"
        self._library.espeak_Synth(raw, len(raw), 0, 0, 0, _UTF8, None, None)
        self._library.espeak_Synchronize()
        wave = np.concatenate(self._parts).astype(np.float64) / 32768
        low = resample_poly(wave, RATE, self._rate)
        loud = np.flatnonzero(np.abs(low) > 0.02 * np.abs(low).max())
        low = low[loud[0] : loud[0] + SAMPLES]
        low = 0.5 * low / np.abs(low).max()
        return torch.nn.functional.pad(torch.from_numpy(low).float(), (0, SAMPLES - len(low)))
