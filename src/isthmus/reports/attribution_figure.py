"""The attribution figure: both ends of the path, and what is due to each pixel, on a scale with its zero in the
middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from isthmus._core.shapes import Input
from isthmus.attributions import Attribution
from isthmus.reports import style
from isthmus.reports.pictures import to_pixels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CLIPPED = 0.995  # of the magnitudes are shown unclipped


def attribution_figure(
    found: Attribution,
    start: Input,
    end: Input,
    *,
    captions: tuple[str, str] = ("start of the path", "end of the path"),
    output: int = 0,
    class_names: Sequence[str] | None = None,
    note: str = "",
) -> Figure:
    """The two inputs, and beside them a map of `found.values`, summed over channels: red raised the logit, blue lowered
    it.

    Args:
        found: the attribution.
        start, end: the ends of the path (*input).
        captions: what they are called.
        output: the class whose logit it is.
        class_names: names of the classes.
        note: a line below, such as the network.
    """
    import matplotlib

    from isthmus._core.drawn import Drawn

    with matplotlib.rc_context(style.RC):
        figure = Drawn(figsize=(9.2, 3.9))
        left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1, 1.3))
        for axes, x, caption, value in ((left, start, captions[0], found.start), (middle, end, captions[1], found.end)):
            pixels = to_pixels(x)
            axes.imshow(pixels, interpolation="nearest", aspect="auto" if pixels.shape[0] == 1 else "equal")
            axes.set_title(
                f"{style.plain(style.shorten(caption, 26))}\nlogit {value:.3g}",
                fontsize=10,
                fontweight="normal",
                loc="center",
            )
            axes.set_axis_off()
        shown = draw_attribution(right, found.values)
        figure.colorbar(shown, ax=right, label="share of the change, in logits", fraction=0.05)
        name = style.plain(style.shorten(style.class_name(output, class_names), 40))
        right.set_title(
            f"what changed the logit\nby {found.change:+.3g}", fontsize=10, fontweight="normal", loc="center"
        )
        how = "exact, affine piece by piece" if found.exact else f"error of the sum {found.completeness_error:.1g}"
        figure.suptitle(
            f"{name}: {found.gradients:,} gradients, {how}", x=0.01, ha="left", fontsize=12, fontweight="bold"
        )
        if note:
            figure.supxlabel(style.plain(note), fontsize=9, color="0.4")
    return figure


def draw_attribution(axes: Axes, values: Input) -> Any:
    """A map of values, summed over channels, with 0 in the middle of its scale; the picture, for a colour bar."""
    plane = in_a_plane(values)
    size = scale_of(plane)
    look: dict[str, Any] = {"cmap": "RdBu_r", "vmin": -size, "vmax": size, "interpolation": "nearest"}
    shown = axes.imshow(plane.numpy(), aspect="auto" if len(plane) == 1 else "equal", **look)
    axes.set_axis_off()
    return shown


def scale_of(plane: Tensor) -> float:
    """The magnitude at which the scale of a map ends, on either side of 0."""
    return float(plane.abs().flatten().quantile(CLIPPED)) or float(plane.abs().max()) or 1.0


def in_a_plane(values: Input) -> Tensor:
    """Values (*input) as (height, width): of images summed over channels, of rows of numbers one line."""
    if values.ndim == 1:
        return values[None]
    return values.reshape(-1, *values.shape[-2:]).sum(0) if values.ndim > 2 else torch.as_tensor(values)
