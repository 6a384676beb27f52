"""The attribution figure: both ends of the path, and what is due to each pixel, on a scale with its zero in the
middle; of rows and texts a bar for each feature or token, of waves what is due to each part of their time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from isthmus._core.shapes import Input
from isthmus._core.text import amount
from isthmus.attributions import Attribution
from isthmus.inputs.kinds import kind_for
from isthmus.inputs.kinds.named import MOST, draw_named
from isthmus.reports import style
from isthmus.reports.pictures import to_pixels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

CLIPPED = 0.995  # of the magnitudes are shown unclipped
LABEL = "share of the change, in logits"


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
    it. Of kinds whose parts have names or lie in time, what is due to these alone.

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
        named = found.named()
        alone = named is not None or not kind_for(found.input_kind, tuple(end.shape)).blends
        figure = Drawn(figsize=(8.2, 1.6 + 0.27 * min(len(named or ()) or 8, MOST)) if alone else (9.2, 3.9))
        if alone:
            right = figure.subplots()
        else:
            left, middle, right = figure.subplots(1, 3, width_ratios=(1, 1, 1.3))
            _draw_end(left, start, captions[0], found.start)
            _draw_end(middle, end, captions[1], found.end)
        draw_attribution(right, found)
        name = style.plain(style.shorten(style.class_name(output, class_names), 40))
        what = f"what changed the logit\nby {found.change:+.3g}"
        if alone:
            first, last = (style.plain(style.shorten(caption, 40)) for caption in captions)
            what = f"from {first} (logit {found.start:.3g})\nto {last} (logit {found.end:.3g})"
        right.set_title(what, fontsize=10, fontweight="normal", loc="left" if alone else "center")
        figure.suptitle(
            f"{name}: {amount(found.gradients, 'gradient')}, {found.how}",
            x=0.01,
            ha="left",
            fontsize=12,
            fontweight="bold",
        )
        if note:
            figure.supxlabel(style.plain(note), fontsize=9, color="0.4")
    return figure


def draw_attribution(axes: Axes, found: Attribution) -> None:
    """What is due to each part of an input, by name, or over the input, or as a map with its colour bar: values summed
    over channels, with 0 in the middle of the scale.
    """
    named, kind, x = found.named(), found.input_kind, found.explained
    if named is not None:
        draw_named(axes, named)
        axes.set_xlabel(LABEL)
        return
    if kind is not None and x is not None and kind.draw_over(axes, found.values, x):
        axes.set_ylabel(LABEL)
        return
    plane = in_a_plane(found.values)
    size = scale_of(plane)
    look: dict[str, Any] = {"cmap": "RdBu_r", "vmin": -size, "vmax": size, "interpolation": "nearest"}
    shown = axes.imshow(plane.numpy(), aspect="auto" if len(plane) == 1 else "equal", **look)
    axes.set_axis_off()
    axes.figure.colorbar(shown, ax=axes, label=LABEL, fraction=0.05)


def _draw_end(axes: Axes, x: Input, caption: str, value: float) -> None:
    pixels = to_pixels(x)
    axes.imshow(pixels, interpolation="nearest", aspect="auto" if pixels.shape[0] == 1 else "equal")
    title = f"{style.plain(style.shorten(caption, 26))}\nlogit {value:.3g}"
    axes.set_title(title, fontsize=10, fontweight="normal", loc="center")
    axes.set_axis_off()


def scale_of(plane: Tensor) -> float:
    """The magnitude at which the scale of a map ends, on either side of 0."""
    return float(plane.abs().flatten().quantile(CLIPPED)) or float(plane.abs().max()) or 1.0


def in_a_plane(values: Input) -> Tensor:
    """Values (*input) as (height, width): of images summed over channels, of rows of numbers one line."""
    if values.ndim == 1:
        return values[None]
    return values.reshape(-1, *values.shape[-2:]).sum(0) if values.ndim > 2 else torch.as_tensor(values)
