"""How an image file becomes an input of a network: the part before the data units; mean and std live in Network."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Preprocessing:
    """Resize, then crop the centre. Images that already have the final size are taken as they are.

    Attributes:
        size: (height, width) of the input after everything; None keeps the size of the file.
        resize: length in pixels that the shorter side is brought to before the crop; None stretches to `size`.
        channels: 1 (grey), 3 (RGB) or 4 (RGBA).
        interpolation: a Pillow resampling filter by name: nearest, bilinear, bicubic, lanczos.
        source: where these values come from, for the record.
    """

    size: tuple[int, int] | None = None
    resize: int | None = None
    channels: int = 3
    interpolation: str = "bilinear"
    source: str = "given"

    def describe(self) -> dict[str, Any]:
        """As a dict ready for JSON."""
        return asdict(self)
