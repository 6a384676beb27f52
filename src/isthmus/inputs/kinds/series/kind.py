"""Series: one or more channels over time, (channels, samples) or (samples,)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray

from isthmus._core.annotated import as_annotated
from isthmus._core.shapes import Input, Inputs
from isthmus.errors import InputError
from isthmus.inputs.base import Collection
from isthmus.inputs.kinds.base import InputKind, Limits, Pixels, Walk
from isthmus.inputs.kinds.canvas import SIDE, grey, wave
from isthmus.inputs.kinds.series.files import FULL, read_wave, write_wave
from isthmus.inputs.kinds.series.spectrum import spectrogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HEARD = 512  # samples from which on a spectrogram is drawn beside the wave


@as_annotated
@dataclass(frozen=True, kw_only=True)
class Series(InputKind):
    """Sound, or the readings of sensors.

    Attributes:
        rate: samples a second, where that is known. Files of another rate are refused.
        length: samples of one input, where the network takes no other. Files that are longer are cut, and shorter ones
            filled with silence, at their end, where `fill` says so; else they are refused.
        fill: whether files are cut and filled.
        channels: names of the channels; one, without a name, by default.
        unit: of the values, such as "mV"; by default shares of the full scale of a sound file.
        low, high: where values may lie; sound lies between -1 and 1.
        flat: whether an input has no axis of channels, (samples,) for (1, samples).
    """

    rate: float | None = None
    length: int | None = None
    fill: bool = False
    channels: tuple[str, ...] = ()
    unit: str = "full scale"
    low: float = -1.0
    high: float = 1.0
    flat: bool = False

    name: ClassVar[str] = "series"
    one: ClassVar[str] = "series"
    many: ClassVar[str] = "series"
    blends: ClassVar[bool] = False
    kept_as: ClassVar[str] = "16-bit sound"
    space: ClassVar[str] = "space of waves"

    def __post_init__(self) -> None:
        if self.rate is not None and not self.rate > 0:
            raise InputError(f"Series needs a rate above 0 samples a second, got {self.rate}.")
        if self.length is not None and self.length < 1:
            raise InputError(f"Series needs a length of at least 1 sample, got {self.length}.")
        if not self.low < self.high:
            raise InputError(f"Series needs low < high, got {self.low} and {self.high}.")
        if self.flat and len(self.channels) > 1:
            raise InputError(f"A flat Series has one channel, got {len(self.channels)} names.")

    @property
    def shape(self) -> tuple[int, ...] | None:
        if self.length is None:
            return None
        return (self.length,) if self.flat else (max(1, len(self.channels)), self.length)

    @property
    def sound(self) -> bool:
        """Whether values are what sound files hold."""
        return self.low == -1 and self.high == 1

    def about(self) -> str:
        rate = "" if self.rate is None else f", {self.rate:g} samples a second"
        return f"{'sound' if self.sound else 'series'}{rate}, {max(1, len(self.channels))} channels"

    def open(self, source: Path) -> Collection:
        from isthmus.inputs.files import FileCollection, FolderCollection

        if source.is_file():
            return FileCollection([source], [source.name], self)
        return FolderCollection(source, self, endings=frozenset({".wav", ".wave"}))

    def read(self, source: str) -> Input:
        return read_wave(Path(source), self)

    def limits(self) -> Limits:
        return Limits(low=self.low, high=self.high)

    def check(self, shape: tuple[int, ...]) -> None:
        wanted = 1 if self.flat else 2
        if len(shape) != wanted:
            axes = "(samples,)" if self.flat else "(channels, samples)"
            raise InputError(f"A series has the shape {axes}, got {shape}.")
        if self.channels and not self.flat and shape[0] != len(self.channels):
            raise InputError(f"The series has {len(self.channels)} named channels, got inputs of shape {shape}.")
        if self.length is not None and shape[-1] != self.length:
            raise InputError(f"The series has {self.length} samples, got inputs of shape {shape}.")

    def pixels(self, x: Input) -> Pixels:
        values = self._values(x)
        drawn = wave(*_envelope(values), self._scale(values))
        if values.shape[1] < HEARD or not self.sound:
            return drawn
        heard = spectrogram(torch.from_numpy(values).mean(0))
        tall = SIDE - drawn.shape[0]
        rows = np.linspace(0, len(heard) - 1, tall).round().astype(int)[::-1]
        columns = np.linspace(0, heard.shape[1] - 1, drawn.shape[1]).round().astype(int)
        return np.concatenate([drawn, grey(heard[np.ix_(rows, columns)])])

    def change(self, x: Input, base: Input) -> tuple[Pixels, str]:
        values = self._values(x - base)
        largest = float(np.abs(values).max(initial=0.0))
        drawn = wave(*_envelope(values), largest)
        return drawn, f"up to {largest:.2g} {self.unit}"

    def reading(self, x: Input, base: Input | None = None) -> str:
        values = self._values(x)
        if base is None:
            long = f"{values.shape[1] / self.rate:.3g} s" if self.rate else f"{values.shape[1]:,} samples"
            return f"{long}, root mean square {_rms(values):.3g} {self.unit}"
        change = values - self._values(base)
        loud = _rms(self._values(base))
        ratio = f", {20 * np.log10(_rms(change) / loud):.0f} dB" if _rms(change) > 0 and loud > 0 else ""
        return f"changed by {_rms(change):.2g} {self.unit} (root mean square{ratio})"

    def nearest(self, x: Inputs) -> Inputs | None:
        return (x * FULL).round().clamp(-FULL - 1, FULL) / FULL if self.sound else None

    def draw_over(self, axes: Axes, values: Input, x: Input) -> bool:
        from isthmus.inputs.kinds.series.figure import draw_over

        draw_over(axes, self, values, x)
        return True

    def figure(self, walk: Walk) -> Figure:
        from isthmus.inputs.kinds.series.figure import series_figure

        return series_figure(self, walk)

    def write(self, x: Input, file: Path) -> Path:
        if not self.sound or self.rate is None:
            raise InputError("Only sound with a known rate is written as WAV; give Series(rate=...).")
        if not 1 <= self.rate == round(self.rate):
            raise InputError(f"WAV files have whole numbers of samples a second, got {self.rate:g}; use numpy.save.")
        return write_wave(x if x.ndim == 2 else x[None], file.with_suffix(".wav"), self.rate)

    def describe(self) -> dict[str, Any]:
        return {
            "kind": self.name,
            "rate": self.rate,
            "length": self.length,
            "channels": list(self.channels),
            "unit": self.unit,
            "low": self.low,
            "high": self.high,
            "flat": self.flat,
            "fill": self.fill,
        }

    @classmethod
    def of_description(cls, description: Mapping[str, Any]) -> Series:
        given = {key: value for key, value in description.items() if key in cls.__dataclass_fields__}
        return cls(**given | {"channels": tuple(given.get("channels", ()))})

    def channel(self, number: int) -> str:
        """The name of a channel; empty where there is one without a name."""
        return self.channels[number] if number < len(self.channels) else ""

    def _values(self, x: Input) -> NDArray[np.float64]:
        values: NDArray[np.float64] = x.detach().cpu().double().numpy()
        return values.reshape(-1, values.shape[-1])

    def _scale(self, values: NDArray[np.float64]) -> float:
        bound = max(abs(self.low), abs(self.high))
        return bound if np.isfinite(bound) else float(np.abs(values).max(initial=0.0))


def _rms(values: NDArray[np.float64]) -> float:
    return float(np.sqrt((values**2).mean()))


def _envelope(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lowest and highest value in each column of a picture."""
    samples = values.shape[1]
    if samples <= SIDE:
        columns = np.linspace(0, samples - 1, SIDE).round().astype(int)
        joined = np.concatenate([values[:, columns[:1]], values[:, columns]], axis=1)  # lines between neighbours
        pair = np.stack([joined[:, :-1], joined[:, 1:]])
        return pair.min(0), pair.max(0)
    starts = np.linspace(0, samples, SIDE, endpoint=False).astype(int)
    return np.minimum.reduceat(values, starts, axis=1), np.maximum.reduceat(values, starts, axis=1)
