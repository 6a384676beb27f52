"""Drawn: a figure that a notebook shows as a picture, whether or not pyplot was imported."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.figure import Figure

DPI = 110  # in a notebook


class Drawn(Figure):
    """A figure of matplotlib that belongs to nobody but its caller: pyplot neither knows nor closes it."""

    def _repr_png_(self) -> bytes:
        stream = io.BytesIO()
        look: dict[str, Any] = {"metadata": {"Software": None}}
        self.savefig(stream, dpi=DPI, **look)
        return stream.getvalue()
