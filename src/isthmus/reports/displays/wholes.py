"""Displays of what is about many inputs at once: barrier graphs, filled surfaces, and grids over flats."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import torch

from isthmus.graphs import BarrierGraph
from isthmus.graphs.edges import Floats
from isthmus.profiles import GridMap
from isthmus.reports import style
from isthmus.reports.displays.base import display_of
from isthmus.reports.displays.card import card, facts, number, of_inputs, paragraph, pictures, table
from isthmus.reports.displays.chart import Line, chart
from isthmus.reports.displays.fields import field
from isthmus.reports.graph_figure import placed
from isthmus.reports.pictures import to_pixels
from isthmus.surfaces import Filling, Fillings, Surface

SHEET = 4  # inputs a side
MOST_ROWS = 10
PICTURES = 6
MOST_STEMS = 2000  # inputs of a tree that is drawn


@display_of.register
def of_graph(graph: BarrierGraph) -> str:
    """How fast pairs join as the level rises, and the inputs that lie apart."""
    through, direct = graph.connected_through(), graph.directly_connected()
    apart = graph.apart()[:PICTURES]
    return card(
        f"{len(graph):,} inputs: {through:.1%} of pairs hang together, {direct:.0%} directly",
        _tree(graph) if 1 < len(graph) <= MOST_STEMS else "",
        facts(
            {
                "looked at": f"{len(graph.edges):,} of {graph.pairs:,} pairs; {graph.settled:.2%} settled",
                "threshold": number(graph.threshold),
                "cost": f"{graph.cost:,} forward-equivalents",
            }
        ),
        paragraph("Apart from all others, the most first:") if len(apart) else "",
        of_inputs([graph.x[int(k)] for k in apart], [f"input {int(k)}" for k in apart], kind=graph.input_kind)
        if len(apart)
        else "",
    )


def _tree(graph: BarrierGraph) -> str:
    """Every input as a stem from its loss up to the level at which it joins a lower one."""
    place = placed(graph)
    joined = np.flatnonzero(place.parent >= 0)
    wrong = graph.predicted != graph.target.numpy()
    x = place.x + 1
    at, to, top = x[joined], x[place.parent[joined]], place.level[joined]
    ends = np.full(len(graph), -np.inf)
    np.maximum.at(ends, place.parent[joined], top)
    own = np.flatnonzero(np.isfinite(ends))
    lines = [
        _strokes(at, to, top, top, width=1.0, faint=True),
        _strokes(x[own], x[own], graph.loss[own], ends[own], width=1.0, faint=True),
    ]
    for rows, name, color in (
        (~wrong[joined], "an input: from its loss to where it joins a lower one", style.FOUND),
        (wrong[joined], "predicted as another class", style.ATTACKED),
    ):
        if rows.any():
            lines.append(
                _strokes(at[rows], at[rows], graph.loss[joined][rows], top[rows], name=name, color=color, width=1.4)
            )
    return chart(lines, y_label="loss")


def _strokes(x: Floats, to_x: Floats, y: Floats, to_y: Floats, **look: Any) -> Line:
    """Many straight strokes as one line with gaps."""
    gap = np.full(len(x), np.nan)
    across, up = (np.stack([one, other, gap], 1).ravel().tolist() for one, other in ((x, to_x), (y, to_y)))
    return Line(x=across, y=up, **look)


@display_of.register
def of_filling(found: Filling) -> str:
    """The loss over the square before and after, and the corners."""
    limits = np.concatenate([found.flat.loss, found.seen.loss])
    limits = limits[np.isfinite(limits)]
    low, high = (float(limits.min()), float(limits.max())) if len(limits) else (0.0, 1.0)
    shown = [
        (field(found.flat, low, high), f"plain: max {number(found.flat_max_loss)}", ""),
        (field(found.seen, low, high), f"found: max {number(found.max_loss)}", ""),
        *((to_pixels(x, found.input_kind), f"corner {k}", style.DIRECT) for k, x in enumerate(found.surface.corners)),
    ]
    return card(
        f"Class {found.target}: {found.outcome}",
        pictures(shown),
        paragraph(f"Loss over (u, v), from {number(low)} (dark) to {number(high)} (bright)."),
        facts(
            {
                "threshold": number(found.threshold),
                "looked at": f"{len(found.seen):,} points; {found.moved:,} nodes moved",
                "class": "kept at all of them" if found.class_kept else "not kept at all of them",
                "certificate": None if found.certificate is None else str(found.certificate),
                "cost": f"{found.forward_equivalents:,} forward-equivalents",
            }
        ),
        state=found.filled,
    )


@display_of.register
def of_fillings(found: Fillings) -> str:
    """Counts, and the first surfaces."""
    outcomes = Counter(str(each.outcome) for each in found)
    rows = [
        (k, each.target, number(each.flat_max_loss), number(each.max_loss), number(each.threshold), str(each.outcome))
        for k, each in enumerate(list(found)[:MOST_ROWS])
    ]
    filled = sum(each.filled for each in found)
    left_out = len(found) - len(rows)
    return card(
        f"{filled} of {len(found)} surfaces filled",
        facts({outcome: f"{count:,}" for outcome, count in outcomes.items()}) if len(outcomes) > 1 else "",
        table(("loop", "class", "plain max", "found max", "threshold", "outcome"), rows, words=(5,)),
        paragraph(f"and {left_out:,} more; .table() has all, [k] one of them.") if left_out else "",
        state=filled == len(found),
    )


@display_of.register
def of_surface(surface: Surface) -> str:
    """Inputs on a lattice."""
    even = torch.linspace(0, 1, SHEET, dtype=torch.float64)
    rows = [
        of_inputs(list(surface.at(even, torch.full_like(even, v))), [f"{u:.2g}, {v:.2g}" for u in even.tolist()])
        for v in reversed(even.tolist())
    ]
    return card(repr(surface), *rows, paragraph("Below each: u, v."))


@display_of.register
def of_map(found: GridMap) -> str:
    """The highest loss, and the classes."""
    finite = found.loss[np.isfinite(found.loss)]
    classes = Counter(found.predicted.ravel().tolist()).most_common(5)
    return card(
        f"Loss for class {found.target} on a grid of {' × '.join(map(str, found.loss.shape))} points",
        facts(
            {
                "loss": f"{number(float(finite.min()))} to {number(float(finite.max()))}"
                if len(finite)
                else "nowhere finite",
                "classes": ", ".join(f"{index} ({count / found.predicted.size:.0%})" for index, count in classes),
                "inside the domain": f"{found.inside.mean():.0%}",
            }
        ),
    )
