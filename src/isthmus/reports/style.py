"""What figures and pages share: names of classes, numbers in words, files of figures, and the look of `_core.look`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from isthmus._core.look import (
    ATTACKED,
    BANDS,
    BYPASS,
    DIRECT,
    FOUND,
    PEAK,
    RC,
    SERIES,
    TARGET_BAND,
)
from isthmus._core.text import plain, shorten, visible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

__all__ = [
    "ATTACKED",
    "BANDS",
    "BYPASS",
    "DIRECT",
    "FOUND",
    "PEAK",
    "PLACED",
    "RC",
    "SERIES",
    "TARGET_BAND",
    "ClassNames",
    "band_colors",
    "class_name",
    "logarithmic",
    "percent",
    "plain",
    "save_figure",
    "scale",
    "shorten",
]

# Of figures whose axes and titles have their places: a search for these takes as long as drawing.
PLACED: dict[str, object] = {"figure.constrained_layout.use": False, "axes.titley": 1.0}
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

PNG = 3  # a little larger than at the usual 6, in half the time

ClassNames: TypeAlias = Sequence[str] | Mapping[int, str]  # all of them, or some by their indices


def power_of_ten(value: float, _: float = 0) -> str:
    """A tick of a logarithmic axis, in plain letters: formulas take longer to set than the rest of a figure."""
    exponent = round(math.log10(value)) if value > 0 else 0
    whole = value > 0 and abs(value / 10.0**exponent - 1) < 1e-6
    if not whole:
        return ""
    return f"{value:g}" if -3 < exponent < 4 else f"10{str(exponent).translate(RAISED)}"


def logarithmic(axes: Axes, which: str) -> None:
    """Makes the axes named, "x", "y" or "xy", logarithmic, with whole powers of ten as labels."""
    for name in which:
        axes.set(**{f"{name}scale": "log"})
        axis: Axis = getattr(axes, f"{name}axis")
        axis.set_major_formatter(power_of_ten)
        axis.set_minor_formatter("")


def save_figure(figure: Figure, file: Path) -> None:
    """Writes a figure; the same figure always gives the same bytes."""
    import matplotlib

    how: dict[str, Any] = {"metadata": {"Date": None}}
    if file.suffix != ".svg":
        how = {"metadata": {"Software": None}, "pil_kwargs": {"compress_level": PNG}}
    with matplotlib.rc_context({"svg.hashsalt": "isthmus", "svg.fonttype": "none"}):
        figure.savefig(file, dpi=130, **how)


def class_name(index: int, names: ClassNames | None) -> str:
    """The name of a class, or `class 7` where there is none."""
    if names is None or (index not in names if isinstance(names, Mapping) else index >= len(names)):
        return f"class {index}"
    return visible(names[index])


def percent(value: float) -> str:
    """A share in per cent, with two digits, or as many as it takes."""
    return f"{100 * value:,.0f} %" if abs(value) >= 0.995 else f"{100 * value:.2g} %"


def scale(count: int) -> list[str]:
    """Colours of things in an order, from dark to light."""
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    places = (0.05 + 0.85 * number / max(1, count - 1) for number in range(count))
    return [to_hex(colormaps["viridis"](place)) for place in places]


def band_colors(classes: Sequence[int], target: int) -> dict[int, str]:
    """A colour for each class, in the order in which they appear; the target always has the same."""
    others = [index for index in dict.fromkeys(classes) if index != target]
    return {target: TARGET_BAND} | {index: BANDS[number % len(BANDS)] for number, index in enumerate(others)}
