"""The spectrogram of a wave: how loud it is at each pitch, over time."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

RANGE = 60.0  # dB below the loudest that are drawn


def spectrogram(wave: Tensor) -> NDArray[np.float64]:
    """Loudness (pitches, times) between 0 (60 dB below the loudest, or less) and 1, low pitches first."""
    window = 2 ** int(np.clip(np.log2(len(wave) / 32), 5, 9))
    found = torch.stft(
        wave.float(), window, max(1, window // 4), window=torch.hann_window(window), return_complex=True
    ).abs()
    decibels = 20 * found.clamp_min(1e-9).log10().double().numpy()
    loudness: NDArray[np.float64] = ((decibels - decibels.max()) / RANGE + 1).clip(0, 1)
    return loudness
