"""Plots on axes of one's own, for notebooks: what `.plot()` of results draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isthmus.attributions import Attribution
from isthmus.connecting.connection import Connection
from isthmus.graphs import BarrierGraph
from isthmus.reports.attribution_figure import draw_attribution
from isthmus.reports.filling_figure import draw_losses as draw_surface
from isthmus.reports.graph_figure import draw_tree
from isthmus.reports.profile_figure import draw_losses
from isthmus.surfaces import Filling

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_connection(pair: Connection, axes: Axes | None, unit: str) -> Axes:
    """Loss along the direct path and the path found, the peak and its bypasses, the threshold and what is proven."""
    axes = _axes(axes)
    draw_losses(axes, pair, unit)
    axes.set_xlabel("arc length / |AC|")
    return axes


def plot_attribution(found: Attribution, axes: Axes | None) -> Axes:
    """A map of the values, summed over channels, with 0 in the middle of its scale, and the scale."""
    axes = _axes(axes)
    shown = draw_attribution(axes, found.values)
    axes.figure.colorbar(shown, ax=axes, label="share of the change, in logits")
    return axes


def _axes(given: Axes | None) -> Axes:
    if given is not None:
        return given
    import matplotlib.pyplot as plt

    made: Axes = plt.subplots(layout="constrained")[1]
    return made


def plot_graph(graph: BarrierGraph, axes: Axes | None) -> Axes:
    """How components join as the level rises: a disconnectivity graph, a line for each input that is its own region."""
    axes = _axes(axes)
    draw_tree(axes, graph)
    return axes


def plot_filling(found: Filling, axes: Axes | None, unit: str) -> Axes:
    """Loss over (u, v) of the surface, with a colour bar; what is above the threshold lies inside a dashed line."""
    axes = _axes(axes)
    shown = draw_surface(axes, found.seen, found.threshold)
    axes.figure.colorbar(shown, ax=axes, label=f"loss ({unit})")
    return axes
