"""The profile figure: loss along the direct path and the path found, the peak and its bypasses, and the classes."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from isthmus._core.annotated import as_annotated
from isthmus.connecting.connection import Connection, Outcome
from isthmus.profiles import Profile
from isthmus.reports import style
from isthmus.reports.style import ClassNames

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BINS = 100  # of the path, in each of which the places are counted at which a certifier looked
MOST_DOTS = 200  # of a profile that can still be told apart
FAR_ABOVE = 1e4  # times the highest loss: a threshold there would press the curves flat
WIDTH, LEFT, LEGEND = 8.0, 0.8, 1.55  # inches: of the figure, of what lies left of the axes, and of the legend
FLOOR = 1e-6  # the lowest loss that a logarithmic axis shows


@as_annotated
def profile_figure(
    pair: Connection, *, class_names: ClassNames | None = None, unit: str | None = None, note: str = ""
) -> Figure:
    """Loss over arc length for one pair; below it, the predicted class along each of the two paths, and where a
    certifier looked.

    Args:
        pair: the pair.
        class_names: names of the classes; by default those that the pair came with.
        unit: of the loss; by default that of the pair.
        note: a line below, such as the network and the data.
    """
    import matplotlib

    from isthmus._core.drawn import Drawn

    certified = pair.certificate is not None
    class_names, unit = pair.class_names if class_names is None else class_names, unit or pair.unit
    with matplotlib.rc_context(style.RC | style.PLACED):
        height, heights = (5.2, (5, 1.15, 0.75)) if certified else (4.6, (5, 1.15))
        figure = Drawn(figsize=(WIDTH, height))
        space = {
            "left": LEFT / WIDTH,
            "right": 1 - LEGEND / WIDTH,
            "bottom": (0.75 if note else 0.55) / height,
            "top": 1 - 0.3 / height,
            "hspace": 0.4 if certified else 0.27,
        }
        top, bands, *more = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights, gridspec_kw=space)
        draw_losses(top, pair, unit)
        _draw_bands(bands, pair, class_names)
        top.set_title(style.plain(_message(pair, class_names)))
        for axes in more:
            _draw_certificate(axes, pair)
        (more or [bands])[-1].set_xlabel("arc length / |AC|" + (f"\n{style.plain(note)}" if note else ""))
    return figure


def _message(pair: Connection, class_names: ClassNames | None) -> str:
    name = style.shorten(style.class_name(pair.target, class_names), 32)
    direct = f"{name}: the direct path peaks at {pair.direct.max_loss:.3g}"
    if pair.outcome is Outcome.DIRECT:
        return f"{direct} and is connected already"
    if pair.profile is pair.direct:
        return f"{direct}; {pair.verdict}"
    verb = "the bypass passes" if pair.connected else "the bypass still peaks"
    return f"{direct}, {verb} at {pair.profile.max_loss:.3g}"


def draw_losses(axes: Axes, pair: Connection, unit: str) -> None:
    """Loss over arc length for one pair, on axes of their own."""
    direct, found = pair.direct, pair.profile
    losses = np.concatenate([direct.loss.double().numpy(), found.loss.double().numpy()])
    losses = losses[np.isfinite(losses)]
    logarithmic = spans_decades(losses)
    floor = FLOOR if logarithmic else -np.inf

    def curve(profile: Profile, scale: float, **look: object) -> None:
        dots = 4 if len(profile) <= MOST_DOTS else 0
        axes.plot(profile.t * scale, profile.loss.double().clamp_min(floor), markersize=dots, **look)  # type: ignore[arg-type]

    curve(direct, 1, color=style.DIRECT, label="direct path", linewidth=2, marker=".")
    ratio = pair.path.length_ratio if np.isfinite(pair.path.length_ratio) else 1.0
    if found is not direct:
        curve(found, ratio, color=style.FOUND, label="path found", linewidth=2, marker=".")
    _draw_proven(axes, pair, ratio, floor)
    _draw_threshold(axes, max(pair.threshold, floor), losses)
    axes.plot(
        direct.argmax_t,
        max(direct.max_loss, floor),
        "o",
        color=style.PEAK,
        markersize=9,
        label="peak B",
        zorder=4,
        clip_on=False,
    )
    t = pair.path.corners if pair.vertex_rounds else torch.zeros(0)
    marked = False
    for position, number in zip(t.tolist(), pair.vertex_rounds, strict=True):
        if number:
            loss = float(found.loss[int((found.t - position).abs().argmin())])
            height = max(loss, floor)
            axes.plot(
                position * ratio,
                height,
                "D",
                color=style.BYPASS,
                markersize=7,
                zorder=5,
                label=None if marked else "B′ (its round)",
            )
            axes.annotate(
                str(number), (position * ratio, height), (0, 7), textcoords="offset points", ha="center", fontsize=9
            )
            marked = True
    if logarithmic:
        style.logarithmic(axes, "y")
    axes.set_ylabel(f"loss ({unit})")
    axes.margins(y=0.14)
    axes.set_xlim(0, max(1.0, ratio) * 1.002)
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=10)


def spans_decades(losses: NDArray[np.float64]) -> bool:
    """Whether an axis of finite losses is logarithmic; it is linear where some are negative, as margins may be."""
    return bool(len(losses) and losses.min() >= 0 and losses.max() > 100 * max(losses.min(), FLOOR))


def _draw_certificate(axes: Axes, pair: Connection) -> None:
    """Where the certifier looked."""
    ratio = pair.path.length_ratio if np.isfinite(pair.path.length_ratio) else 1.0
    counts = looked_along(pair, BINS)
    left = np.arange(BINS) / BINS * ratio
    axes.bar(left, counts, width=0.8 * ratio / BINS, align="edge", color=style.FOUND, linewidth=0)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    certificate = pair.certificate
    assert certificate is not None
    word = "certified" if certificate.whole else "shown"
    message = f"{word} ({certificate.kind}): {certificate.claim}, in {certificate.parts:,} parts"
    axes.set_title(style.plain(message), fontsize=10, fontweight="normal")


def _draw_bands(axes: Axes, pair: Connection, class_names: ClassNames | None) -> None:
    ratio = pair.path.length_ratio if np.isfinite(pair.path.length_ratio) else 1.0
    rows = [("direct", pair.direct, 1.0)]
    if pair.profile is not pair.direct:
        rows.append(("found", pair.profile, ratio))
    seen = [int(index) for _, profile, _ in rows for index in profile.predicted]
    colors = style.band_colors(seen, pair.target)
    for row, (_, profile, scale) in enumerate(rows):
        for begin, end, index in class_bands(profile):
            axes.barh(-row, (end - begin) * scale, left=begin * scale, height=0.84, color=colors[index], linewidth=0)
            name = style.shorten(style.class_name(index, class_names), 22)
            if (end - begin) > 0.012 * len(name) + 0.01:
                axes.text(
                    (begin + end) / 2 * scale,
                    -row,
                    style.plain(name),
                    ha="center",
                    va="center",
                    fontsize=9,
                    clip_on=True,
                )
    axes.set_yticks([-row for row in range(len(rows))], [name for name, _, _ in rows])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_title("predicted class", fontsize=10, fontweight="normal")


def looked_along(pair: Connection, bins: int) -> NDArray[np.int64]:
    """At how many places a certifier looked in each of so many equal parts of the path (bins,), but for its last end:
    where its intervals begin, or at the points of the profile.
    """
    band = None if pair.certificate is None else pair.certificate.band
    places = pair.profile.t[:-1] if band is None else band.begin
    return np.histogram(places.numpy(), bins=bins, range=(0, 1))[0]


def _draw_proven(axes: Axes, pair: Connection, ratio: float, floor: float) -> None:
    """The band between what the loss is at least and at most, as far as it is finite."""
    band = None if pair.certificate is None else pair.certificate.band
    if band is None:
        return
    known = band.upper.isfinite()
    t = torch.stack([band.begin, band.end], 1)[known].flatten() * ratio
    low, high = (each[known].repeat_interleave(2).clamp_min(floor) for each in (band.lower, band.upper))
    axes.fill_between(
        t.numpy(), low.numpy(), high.numpy(), color=style.FOUND, alpha=0.25, linewidth=0, label="proven band"
    )


def class_bands(profile: Profile) -> list[tuple[float, float, int]]:
    """Stretches (begin, end, class) of equal predicted class; a border lies midway between two evaluated points."""
    t, predicted = profile.t.tolist(), profile.predicted.tolist()
    bands, at = [], 0.0
    for index, run in groupby(range(len(t)), key=lambda number: predicted[number]):
        last = list(run)[-1]
        end = 1.0 if last + 1 == len(t) else (t[last] + t[last + 1]) / 2
        bands.append((at, end, int(index)))
        at = end
    return bands


def _draw_threshold(axes: Axes, threshold: float, losses: NDArray[np.float64]) -> None:
    """A line, or a word where it lies so high that the curves would be flat below it."""
    look: dict[str, Any] = {"color": "black", "linestyle": "--", "linewidth": 1}
    if len(losses) and threshold > max(1.0, FAR_ABOVE * losses.max()):
        axes.plot([], [], label=f"threshold ({threshold:.3g}, far above)", **look)
    else:
        axes.axhline(threshold, label="threshold", **look)
