"""One meaning, one look: colours (Okabe and Ito 2008, safe for colour-blind readers), sizes, and the class bands."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from isthmus._core.text import visible

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DIRECT = "#7f7f7f"
FOUND = "#0072b2"
PEAK = "#e69f00"
BYPASS = "#009e73"
ATTACKED = "#d55e00"
BANDS = ("#cc79a7", "#f0e442", "#e69f00", "#009e73", "#d55e00", "#56b4e9", "#999999")
TARGET_BAND = "#bcd9ea"
SERIES = (FOUND, "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f")  # of equals

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


ClassNames: TypeAlias = Sequence[str] | Mapping[int, str]  # all of them, or some by their indices


def save_figure(figure: Figure, file: Path) -> None:
    """Writes a figure; the same figure always gives the same bytes."""
    import matplotlib

    metadata = {"Date": None} if file.suffix == ".svg" else {"Software": None}
    with matplotlib.rc_context({"svg.hashsalt": "isthmus", "svg.fonttype": "none"}):
        figure.savefig(file, dpi=130, metadata=metadata)


def class_name(index: int, names: ClassNames | None) -> str:
    """The name of a class, or `class 7` where there is none."""
    if names is None or (index not in names if isinstance(names, Mapping) else index >= len(names)):
        return f"class {index}"
    return visible(names[index])


def plain(text: str) -> str:
    """Text that matplotlib draws as it stands: dollar signs would start a formula, control characters are no XML."""
    return visible(text).replace("$", r"\$")


def percent(value: float) -> str:
    """A share in per cent, with two digits, or as many as it takes."""
    return f"{100 * value:,.0f} %" if abs(value) >= 0.995 else f"{100 * value:.2g} %"


def shorten(text: str, length: int) -> str:
    """At most `length` characters, with an ellipsis where some were cut."""
    return text if len(text) <= length else text[: length - 1] + "…"


def band_colors(classes: Sequence[int], target: int) -> dict[int, str]:
    """A colour for each class, in the order in which they appear; the target always has the same."""
    others = [index for index in dict.fromkeys(classes) if index != target]
    return {target: TARGET_BAND} | {index: BANDS[number % len(BANDS)] for number, index in enumerate(others)}
