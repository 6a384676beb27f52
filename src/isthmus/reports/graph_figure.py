"""The graph figure: how components join as the level rises (a disconnectivity graph), and how fast they do, beside a
random graph with as many pairs below the level.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.special import lambertw

from isthmus.graphs import BarrierGraph
from isthmus.graphs.edges import Floats, Numbers
from isthmus.reports import style
from isthmus.reports.pictures import to_pixels

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 8  # inputs whose pictures stand below the tree
LEVELS = 200
LEAST = 10  # pairs drawn that must lie at or below a level before their share is told
DECADES = 6.0  # that a logarithmic axis shows


class Place(NamedTuple):
    """Where the inputs of a graph stand in the drawing of its tree.

    Attributes:
        x: horizontal place of each input (n,).
        parent: the input whose stem each one's stem joins (n,); -1 for the lowest of a tree.
        level: at which it joins (n,); infinite for the lowest of a tree.
    """

    x: Floats
    parent: Numbers
    level: Floats


def graph_figure(
    graph: BarrierGraph,
    *,
    class_names: Sequence[str] | None = None,
    unit: str = "nats",
    note: str = "",
    pictures: bool = True,
) -> Figure:
    """How the inputs of a graph hang together.

    Args:
        graph: the graph.
        class_names: names of the classes.
        unit: of the loss.
        note: a line below.
        pictures: whether some inputs are shown: the lowest, those that keep to themselves longest, and the highest.
    """
    import matplotlib

    from isthmus._core.drawn import Drawn

    with matplotlib.rc_context(style.RC):
        figure = Drawn(figsize=(11, 5.6 if pictures else 4.6))
        rows: list[Any] = [["tree", "share"], ["pictures", "share"]]
        heights = (4, 1)
        upper = figure.subplot_mosaic(
            rows if pictures else rows[:1], width_ratios=(1.6, 1), height_ratios=heights if pictures else heights[:1]
        )
        draw_tree(upper["tree"], graph, unit=unit)
        if pictures:
            _pictures(upper["pictures"], graph, _pictured(graph), class_names)
        draw_share(upper["share"], graph, unit=unit)
        through, direct = graph.connected_through(), graph.directly_connected()
        upper["tree"].set_title(f"{len(graph):,} inputs: {through:.1%} of pairs hang together, {direct:.0%} directly")
        if note:
            figure.supxlabel(style.plain(note), fontsize=9, color="0.4")
    return figure


def draw_tree(axes: Axes, graph: BarrierGraph, *, unit: str = "nats") -> None:
    """Every input as a stem from its loss up to the level at which it joins a lower one, and a line to that one."""
    from matplotlib.collections import LineCollection

    place = placed(graph)
    floor = _scale(axes, graph)
    joined = np.flatnonzero(place.parent >= 0)
    bottom, top = np.maximum(graph.loss, floor), np.maximum(place.level, floor)
    colors = np.where(graph.predicted == graph.target.numpy(), style.FOUND, style.ATTACKED)
    stems = [((place.x[k], bottom[k]), (place.x[k], top[k])) for k in joined]
    bars = [((place.x[k], top[k]), (place.x[place.parent[k]], top[k])) for k in joined]
    axes.add_collection(LineCollection(bars, colors="0.75", linewidths=0.6, zorder=1))
    axes.add_collection(LineCollection(stems, colors=[colors[k] for k in joined], linewidths=1.4, zorder=2))
    highest = float(np.maximum(np.where(np.isfinite(place.level), place.level, 0), graph.loss).max(initial=floor))
    ends: dict[int, float] = {}
    for k in joined:
        ends[int(place.parent[k])] = max(ends.get(int(place.parent[k]), floor), float(top[k]))
    own = [((place.x[k], bottom[k]), (place.x[k], level)) for k, level in ends.items()]
    axes.add_collection(LineCollection(own, colors="0.75", linewidths=0.6, zorder=1))
    axes.scatter(place.x, bottom, s=9, c=colors, zorder=3, linewidths=0)
    axes.set_xlim(place.x.min() - 1, place.x.max() + 1)
    axes.set_ylim(top=highest * 1.3 if axes.get_yscale() == "log" else highest + 0.1 * (abs(highest) + 1e-3))
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.set_ylabel(f"loss ({unit})")
    if (graph.predicted != graph.target.numpy()).any():
        # below, where no tree is: a legend inside would hide the highest of them
        axes.set_xlabel("● predicted as another class", color=style.ATTACKED, fontsize=9, loc="right")


def draw_share(axes: Axes, graph: BarrierGraph, *, unit: str = "nats") -> None:
    """Share of the inputs in the largest component at every level, and what a random graph with as many pairs below
    that level would have.
    """
    low, high = float(graph.loss.min()), float(max(graph.loss.max(), graph.tree.weight.max(initial=0)))
    floor = _scale(axes, graph, horizontal=True)
    low, high = max(low, floor), max(high, floor * 1.01)
    levels = np.geomspace(low, high, LEVELS) if axes.get_xscale() == "log" else np.linspace(low, high, LEVELS)
    inside = np.array([(graph.loss <= level).mean() for level in levels])
    largest = np.array([_largest(graph, level) for level in levels])
    axes.plot(levels, inside, color="0.6", linewidth=1.2, linestyle=":", label="at or below the level")
    axes.plot(levels, largest, color=style.FOUND, linewidth=2, label="largest region")
    if graph.edges.drawn.any():
        expected = np.array([random_share(graph, level) for level in levels])
        axes.plot(levels, expected, color=style.PEAK, linewidth=1.6, linestyle="--", label="of a random graph")
    axes.set_ylim(0, 1.02)
    axes.set_xlabel(f"level ({unit})")
    axes.set_ylabel("share of the inputs")
    axes.legend(loc="best", fontsize=9)


def random_share(graph: BarrierGraph, level: float) -> float:
    """Share of the inputs that the largest component of a random graph would hold: of those at or below the level, with
    as many pairs joined as segments stay below it (Erdős and Rényi 1960: S = 1 - exp(-c S), c the mean degree). NaN
    where too few of the pairs drawn tell.
    """
    count = int((graph.loss <= level).sum())
    if count < 2:
        return count / len(graph)
    drawn = graph.edges.take(graph.edges.drawn)
    both = np.maximum(graph.loss[drawn.i], graph.loss[drawn.j]) <= level
    if both.sum() < LEAST:
        return math.nan
    degree = (count - 1) * float((drawn.direct[both] <= level).mean())
    share = giant_share(degree)
    return max(share, 1 / count) * count / len(graph)


def giant_share(degree: float) -> float:
    """The solution S > 0 of S = 1 - exp(-c S) for mean degree c; 0 up to c = 1."""
    return 0.0 if degree <= 1 else float(1 + lambertw(-degree * np.exp(-degree)).real / degree)


def placed(graph: BarrierGraph) -> Place:
    """Where inputs stand: every one beside what it joins, those that join early nearest to it, on either side."""
    n, merges = len(graph), graph.tree.merges
    parent, level = np.full(n, -1, np.int64), np.full(n, np.inf)
    lowest: dict[int, int] = {}
    children: list[list[int]] = [[] for _ in range(n)]
    for row in range(len(graph.tree)):
        keeps = lowest.get(int(merges.left[row]), int(merges.left[row]))
        ends = int(merges.dies[row])
        lowest[n + row] = keeps
        parent[ends], level[ends] = keeps, merges.level[row]
        children[keeps].append(ends)
    order: list[int] = []
    for root in np.flatnonzero(parent < 0)[np.argsort(graph.loss[parent < 0], kind="stable")]:
        order += _in_order(int(root), children)
    x = np.empty(n)
    x[order] = np.arange(n)
    return Place(x, parent, level)


def _in_order(root: int, children: list[list[int]]) -> list[int]:
    """The inputs of a tree from left to right: what joins a stem stands on its sides in turn, the earliest nearest."""
    order: list[int] = []
    stack: list[tuple[int, bool]] = [(root, False)]
    while stack:
        node, expanded = stack.pop()
        if expanded:
            order.append(node)
            continue
        left, right = children[node][::2], children[node][1::2]
        # Last in, first out: the right side, then the input itself, then the left side from outside in.
        stack += [(child, False) for child in reversed(right)]
        stack.append((node, True))
        stack += [(child, False) for child in left]
    return order


def _largest(graph: BarrierGraph, level: float) -> float:
    labels = graph.components(level)
    return float((labels == 0).mean())


def _scale(axes: Axes, graph: BarrierGraph, *, horizontal: bool = False) -> float:
    """A logarithmic axis where losses are above 0 and span decades; the lowest value that is shown."""
    values = np.concatenate([graph.loss, graph.tree.weight])
    if values.min() < 0 or values.max() <= 0 or values.max() < 100 * max(float(np.quantile(values, 0.05)), 1e-300):
        return float(values.min())
    style.logarithmic(axes, "x" if horizontal else "y")
    return max(float(values[values > 0].min()), float(values.max()) * 10**-DECADES)


def _pictured(graph: BarrierGraph) -> Numbers:
    """Inputs to look at: the lowest, those that keep to themselves longest, and the highest."""
    basins = graph.persistence()
    longest = basins.input[np.isfinite(basins.ends)][:3]
    order = np.argsort(graph.loss, kind="stable")
    wanted = [*order[:3].tolist(), *longest.tolist(), *order[::-1].tolist()]
    return np.array(list(dict.fromkeys(wanted))[:SHOWN], np.int64)


def _pictures(axes: Axes, graph: BarrierGraph, chosen: Numbers, class_names: Sequence[str] | None) -> None:
    axes.set_axis_off()
    for column, number in enumerate(chosen.tolist()):
        inset = axes.inset_axes((column / SHOWN, 0.0, 0.92 / SHOWN, 0.8))
        pixels = to_pixels(graph.x[number], graph.input_kind)
        inset.imshow(pixels, interpolation="nearest", aspect="auto" if pixels.shape[0] == 1 else "equal")
        inset.set_axis_off()
        wrong = graph.predicted[number] != int(graph.target[number])
        seen = f"\n{style.shorten(style.class_name(int(graph.predicted[number]), class_names), 12)}" if wrong else ""
        color = style.ATTACKED if wrong else "black"
        inset.set_title(
            style.plain(f"{graph.loss[number]:.2g}{seen}"), fontsize=8, fontweight="normal", loc="center", color=color
        )
