"""Plots on axes of one's own, for notebooks: what `.plot()` of results draws."""

from __future__ import annotations

import math
from functools import singledispatch
from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from isthmus._core.given import shown
from isthmus._core.shapes import Inputs
from isthmus.attributions import Attribution
from isthmus.comparing import Comparison
from isthmus.connecting.connection import Connection
from isthmus.connecting.connections import Connections
from isthmus.errors import InputError
from isthmus.graphs import BarrierGraph
from isthmus.graphs.edges import Floats
from isthmus.inputs.kinds import InputKind
from isthmus.making.attacks import Attacked
from isthmus.making.synthesis import Synthesized
from isthmus.paths import AbstractPath
from isthmus.profiles import GridMap, Profile
from isthmus.reports import style
from isthmus.reports.attribution_figure import draw_attribution
from isthmus.reports.barriers_figure import draw_barriers
from isthmus.reports.filling_figure import draw_losses as draw_surface
from isthmus.reports.filling_figure import draw_sheet
from isthmus.reports.graph_figure import draw_tree
from isthmus.reports.pictures import mosaic
from isthmus.reports.profile_figure import FLOOR, draw_losses, spans_decades
from isthmus.studies.statistics import StudySummary
from isthmus.surfaces import Filling, Fillings, Surface

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PICTURES = 8  # of a path
MOST = 32  # inputs in a row of rows


@singledispatch
def plot_of(value: object, axes: Axes | None, unit: str | None) -> Axes:
    """Draws a result on axes, or on those of a new figure; `unit` is that of the loss, None where nobody said it."""
    raise InputError(f"{type(value).__name__} has no picture.")


@plot_of.register(Connection)
def _(pair: Connection, axes: Axes | None, unit: str | None) -> Axes:
    """Loss along the direct path and the path found, the peak and its bypasses, the threshold and what is proven."""
    axes = _axes(axes)
    draw_losses(axes, pair, unit or pair.unit)
    axes.legend(loc="best", fontsize=9)  # inside: beside these axes there may be others
    axes.set_xlabel("arc length / |AC|")
    return axes


@plot_of.register(Connections)
def _(found: Connections, axes: Axes | None, unit: str | None) -> Axes:
    """A point a pair: max loss of the path found over that of the direct path."""
    direct, best = (np.array([getattr(pair, part).max_loss for pair in found]) for part in ("direct", "profile"))
    good = np.array([pair.connected for pair in found], dtype=bool)
    unit = unit or found.description.get("unit")
    return _before_and_after(axes, unit, direct, best, good, "connected", ("direct path", "path found"))


@plot_of.register(Comparison)
def _(found: Comparison, axes: Axes | None, unit: str | None) -> Axes:
    """For each run, which share of the pairs stays at or below a max loss."""
    axes, unit = _axes(axes), unit or found.unit
    columns = [np.sort(found.values("max_loss", run)) for run in range(len(found.runs))]
    finite = np.concatenate([column[np.isfinite(column)] for column in columns])
    if spans_decades(finite):
        style.logarithmic(axes, "x")
        columns = [column.clip(FLOOR) for column in columns]
    for column, name, color in zip(columns, found.names, cycle(style.SERIES), strict=False):
        share = np.arange(1, len(column) + 1) / len(column)
        shown = np.isfinite(column)
        x, y = np.repeat(column[shown], 2), np.repeat(np.append(0.0, share[shown]), 2)[1:-1]  # steps, from none
        axes.plot(x, y, color=color, linewidth=2, label=style.plain(name))
    axes.set_ylim(0, 1.02)
    axes.set_xlabel(f"max loss of the path found{_in(unit)}")
    axes.set_ylabel(f"share of {len(found):,} pairs")
    axes.legend(loc="lower right", fontsize=9)
    return axes


@plot_of.register(Profile)
def _(profile: Profile, axes: Axes | None, unit: str | None) -> Axes:
    """The loss at every point that was looked at."""
    axes = _axes(axes)
    loss = profile.loss.double().numpy()
    if spans_decades(loss[np.isfinite(loss)]):
        style.logarithmic(axes, "y")
        loss = loss.clip(FLOOR)
    axes.plot(profile.t.numpy(), loss, ".-", color=style.FOUND, linewidth=2, label="loss")
    peak = int(profile.loss.argmax())
    axes.plot(float(profile.t[peak]), loss[peak], "o", color=style.PEAK, markersize=9, label="highest", clip_on=False)
    axes.set_xlabel("t")
    axes.set_ylabel(f"loss{_in(unit)}")
    axes.set_xlim(0, 1)
    axes.legend(fontsize=9)
    return axes


@plot_of.register(AbstractPath)
def _(path: AbstractPath, axes: Axes | None, unit: str | None) -> Axes:
    """Inputs along the path, from left to right."""
    t = torch.linspace(0, 1, PICTURES, dtype=torch.float64)
    return _row(path.at(t), [f"{each:.2f}" for each in t.tolist()], axes, PICTURES)


@plot_of.register(Attribution)
def _(found: Attribution, axes: Axes | None, unit: str | None) -> Axes:
    """A map of the values, summed over channels, with 0 in the middle of its scale, and the scale; of rows and texts a
    bar for each feature or token; of waves, what is due to each part of their time.
    """
    axes = _axes(axes)
    draw_attribution(axes, found)
    return axes


@plot_of.register(BarrierGraph)
def _(graph: BarrierGraph, axes: Axes | None, unit: str | None) -> Axes:
    """How components join as the level rises: a disconnectivity graph, a line for each input that is its own region."""
    axes = _axes(axes)
    draw_tree(axes, graph, unit=unit or graph.description.get("unit", "nats"))
    return axes


@plot_of.register(Filling)
def _(found: Filling, axes: Axes | None, unit: str | None) -> Axes:
    """Loss over (u, v) of the surface, with a colour bar; what is above the threshold lies inside a dashed line."""
    axes = _axes(axes)
    shown = draw_surface(axes, found.seen, found.threshold)
    axes.figure.colorbar(shown, ax=axes, label=f"loss{_in(unit)}")
    return axes


@plot_of.register(Fillings)
def _(found: Fillings, axes: Axes | None, unit: str | None) -> Axes:
    """A point a loop: max loss of the surface found over that of the plain one."""
    plain, best = (np.array([getattr(each, part) for each in found]) for part in ("flat_max_loss", "max_loss"))
    filled = np.array([each.filled for each in found], dtype=bool)
    unit = unit or found.description.get("unit")
    return _before_and_after(axes, unit, plain, best, filled, "filled", ("plain surface", "surface found"))


@plot_of.register(Surface)
def _(surface: Surface, axes: Axes | None, unit: str | None) -> Axes:
    """Inputs of the surface on a lattice, u to the right and v upwards."""
    axes = _axes(axes)
    draw_sheet(axes, surface)
    return axes


@plot_of.register(GridMap)
def _(found: GridMap, axes: Axes | None, unit: str | None) -> Axes:
    """Loss over a grid of two axes, with a colour bar; hatched where it lies outside the domain."""
    if found.loss.ndim != 2:
        raise InputError(f"Only grids of two axes have a picture, got one of {found.loss.ndim}.")
    from matplotlib.colors import LogNorm

    axes = _axes(axes)
    u, v = (each.numpy() for each in found.coordinates)
    loss = found.loss.T
    finite = loss[np.isfinite(loss)]
    norm = LogNorm(max(float(finite.min()), FLOOR), float(finite.max())) if spans_decades(finite) else None
    shown = axes.pcolormesh(u, v, loss.clip(FLOOR) if norm else loss, norm=norm, cmap="viridis", rasterized=True)
    if not found.inside.all() and min(loss.shape) > 1:
        axes.contourf(u, v, found.inside.T.astype(float), levels=[-0.5, 0.5], colors="none", hatches=["////"])
    axes.figure.colorbar(shown, ax=axes, label=f"loss{_in(unit)}")
    axes.set_xlabel("first axis")
    axes.set_ylabel("second axis")
    return axes


@plot_of.register(Attacked)
def _(made: Attacked, axes: Axes | None, unit: str | None) -> Axes:
    """The first attacked inputs, with the class that the network sees."""
    count = min(len(made), MOST)
    return _row(
        made.x[:count], [f"seen as {int(index)}" for index in made.predicted[:count]], axes, PICTURES, made.input_kind
    )


@plot_of.register(Synthesized)
def _(made: Synthesized, axes: Axes | None, unit: str | None) -> Axes:
    """The first synthesized inputs, with their classes."""
    count = min(len(made), MOST)
    return _row(
        made.x[:count], [f"class {int(index)}" for index in made.target[:count]], axes, PICTURES, made.input_kind
    )


@plot_of.register(StudySummary)
def _(summary: StudySummary, axes: Axes | None, unit: str | None) -> Axes:
    """Max loss of the direct paths and of the paths found, one row a group."""
    axes = _axes(axes)
    draw_barriers(axes, summary.groups, (), "max_loss", f"max loss{_in(unit)}")
    return axes


def _before_and_after(
    axes: Axes | None,
    unit: str | None,
    before: Floats,
    after: Floats,
    good: Any,
    word: str,
    of: tuple[str, str],
) -> Axes:
    """A point each: the max loss that came of it over what it was, on axes of one kind; `word` is what the good are."""
    axes = _axes(axes)
    finite = np.isfinite(before) & np.isfinite(after)
    values = np.concatenate([before[finite], after[finite]])
    if spans_decades(values):
        style.logarithmic(axes, "xy")
        before, after, values = (each.clip(FLOOR) for each in (before, after, values))
    if len(values):
        ends = [float(values.min()), float(values.max())]
        axes.plot(ends, ends, color="0.6", linewidth=1, linestyle=":", label="nothing gained")
    for rows, color, label in ((finite & good, style.FOUND, word), (finite & ~good, style.ATTACKED, f"not {word}")):
        if rows.any():
            axes.plot(before[rows], after[rows], "o", color=color, markersize=5, alpha=0.7, label=label)
    left_out = int((~finite).sum())
    aside = f"; {left_out} not shown" if left_out else ""
    axes.set_title(f"{int(good.sum())} of {len(good)} {word}{aside}")
    axes.set_xlabel(f"max loss of the {of[0]}{_in(unit)}")
    axes.set_ylabel(f"max loss of the {of[1]}{_in(unit)}")
    if len(good):
        axes.legend(loc="upper left", fontsize=9)
    return axes


def _in(unit: str | None) -> str:
    return "" if unit is None else f" ({unit})"


def _row(x: Inputs, captions: list[str], axes: Axes | None, columns: int, kind: InputKind | None = None) -> Axes:
    axes = _axes(axes, (1.4 * min(columns, len(x)), 1.55 * math.ceil(len(x) / columns)))
    picture, places = mosaic(list(x), columns, kind)
    axes.imshow(picture, interpolation="nearest")
    for (across, down), caption in zip(places, captions, strict=True):
        axes.annotate(style.plain(caption), (across, down), ha="center", va="top", fontsize=8, annotation_clip=False)
    axes.set_axis_off()
    return axes


def _axes(given: Axes | None, size: tuple[float, float] | None = None) -> Axes:
    if given is not None:
        if not hasattr(given, "set_xlabel") or isinstance(given, type):
            raise InputError(f"ax must be axes of matplotlib, such as those of plt.subplots(), got {shown(given)}.")
        return given
    import matplotlib.pyplot as plt

    look: dict[str, Any] = {} if size is None else {"figsize": size}
    made: Axes = plt.subplots(layout="constrained", **look)[1]
    return made
