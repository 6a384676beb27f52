"""Pictures of a page: as data URLs, each stored once."""

from __future__ import annotations

import base64
import hashlib
import io
from typing import Any

from isthmus._core.shapes import Input
from isthmus.inputs.kinds import InputKind
from isthmus.reports.pictures import to_image, to_pixels

COLORS = 24  # of a picture that is drawn
LIMIT = 11_000_000  # characters that the pictures of a page may take


class Pictures:
    """Pictures as data URLs, each stored once."""

    def __init__(self, largest: int) -> None:
        self.largest = largest
        self.urls: list[str] = []
        self.numbers: dict[bytes, int] = {}

    @property
    def characters(self) -> int:
        """How many all of them take."""
        return sum(map(len, self.urls))

    def add(self, x: Input, kind: InputKind | None = None) -> int:
        """Number of the picture of an input."""
        return self.add_pixels(to_pixels(x, kind), self.largest, 82, drawn=kind is not None and not kind.blends)

    def add_difference(self, pixels: Any) -> int:
        """Number of a smaller picture, of a difference."""
        return self.add_pixels(pixels, self.largest // 2, 70)

    def add_pixels(self, pixels: Any, largest: int, quality: int, *, drawn: bool = False) -> int:
        """Number of a picture: PNG where it is small or drawn, with lines and letters, or else JPEG of this quality."""
        key = hashlib.sha256(repr(pixels.shape).encode() + pixels.tobytes()).digest()
        if key not in self.numbers:
            small = max(pixels.shape[:2]) <= 64
            stream = io.BytesIO()
            if drawn:
                to_image(pixels, largest).quantize(COLORS).save(stream, "PNG", optimize=True)
            elif small:
                to_image(pixels, 64).save(stream, "PNG", optimize=True)
            else:
                to_image(pixels, largest).save(stream, "JPEG", quality=quality, optimize=True)
            kind = "png" if small or drawn else "jpeg"
            self.urls.append(f"data:image/{kind};base64,{base64.b64encode(stream.getvalue()).decode()}")
            self.numbers[key] = len(self.urls) - 1
        return self.numbers[key]
