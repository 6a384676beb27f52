"""Where in the spectrum a change of an input lies, and a change with the same spectrum that is otherwise random."""

from __future__ import annotations

import torch
from torch import Tensor

from isthmus._core.shapes import Inputs

MOST_BANDS = 8  # of equal width, from frequency 0 to that of the finest pattern along one axis and beyond


def spectrum(x: Inputs) -> Tensor:
    """Share of the energy of each input (n, channels, *space) in bands of frequency (n, bands), without its mean.

    Frequency is distance from the origin of the spectrum, relative to the highest frequency along an axis; what lies
    beyond 1, in the corners of two-dimensional spectra, counts to the last band.
    """
    axes = tuple(range(2, x.ndim))
    energy = torch.fft.fftn(x.double(), dim=axes).abs().square().sum(1)
    energy[(slice(None), *(0 for _ in axes))] = 0.0
    band, count = _bands(x)
    shares = torch.stack([energy[:, band == number].sum(1) for number in range(count)], dim=1)
    return shares / shares.sum(1, keepdim=True).clamp_min(torch.finfo(torch.float64).tiny)


def white(x: Inputs) -> Tensor:
    """The same for white noise of the shape of the inputs (bands,): the share of frequencies in each band."""
    band, count = _bands(x)
    counts = torch.bincount(band.flatten(), minlength=count).double()
    counts[0] -= 1  # the mean
    return counts / counts.sum()


def scrambled(x: Inputs, noise: Inputs) -> Inputs:
    """Inputs with the amplitudes of x at every frequency and the phases of noise; noise alone without spatial axes."""
    if x.ndim < 3:
        return noise
    axes = tuple(range(2, x.ndim))
    amplitude = torch.fft.fftn(x.double(), dim=axes).abs()
    phase = torch.fft.fftn(noise.double(), dim=axes)
    mixed = amplitude * phase / phase.abs().clamp_min(1e-30)
    back: Tensor = torch.fft.ifftn(mixed, dim=axes).real.to(x)
    return back


def _bands(x: Inputs) -> tuple[Tensor, int]:
    """Number of the band of every frequency (*space), and how many there are: fewer for small inputs."""
    parts = [torch.fft.fftfreq(size, dtype=torch.float64) / 0.5 for size in x.shape[2:]]
    radius = torch.stack(torch.meshgrid(*parts, indexing="ij")).square().sum(0).sqrt()
    count = max(1, min(MOST_BANDS, min(x.shape[2:]) // 2))
    return (radius * count + 1e-9).long().clamp_max(count - 1), count
