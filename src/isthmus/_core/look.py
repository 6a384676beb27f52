"""One meaning, one look: colours (Okabe and Ito 2008, safe for colour-blind readers) and settings of figures."""

from __future__ import annotations

from typing import Any

DIRECT = "#7f7f7f"
FOUND = "#0072b2"
PEAK = "#e69f00"
BYPASS = "#009e73"
ATTACKED = "#d55e00"
BANDS = ("#cc79a7", "#f0e442", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#999999")
TARGET_BAND = "#bcd9ea"
RAISED, LOWERED = "#b2182b", "#2166ac"  # above and below zero, at the ends of a scale with its zero in the middle
SERIES = (FOUND, "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f")  # of equals


def rgb(color: str) -> tuple[int, int, int]:
    """Red, green and blue of a colour such as #0072b2, each from 0 to 255."""
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


RC: Any = {  # matplotlib names every key in its type
    "font.size": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 12,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "legend.frameon": False,
    "svg.fonttype": "none",
    "figure.constrained_layout.use": True,
}
