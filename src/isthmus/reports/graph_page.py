"""The page of a graph: its tree, its inputs, and the minimax path between any two that are clicked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from isthmus._core.files import plain
from isthmus._core.shapes import Input
from isthmus.graphs import BarrierGraph
from isthmus.graphs.saddles import Saddle
from isthmus.reports import style
from isthmus.reports.graph_figure import placed, random_share
from isthmus.reports.rendering import render
from isthmus.reports.stored_pictures import LIMIT, Pictures

MOST = 2000  # inputs on the page
SIZES = (112, 80, 64)  # pixels of a picture's longer side: the first with which the page stays small
LEVELS = 120


def graph_page(
    graph: BarrierGraph,
    *,
    names: Sequence[str],
    class_names: Sequence[str] | None = None,
    title: str = "How inputs hang together",
    made: Mapping[str, Any] | None = None,
    skipped: Mapping[str, str] | None = None,
    saddles: Sequence[Saddle] | None = None,
) -> str:
    """The page as HTML text.

    Args:
        graph: the graph.
        names: what each input is called, such as its file.
        class_names: names of the classes.
        title: the headline.
        made: how it was made, shown at the foot.
        skipped: inputs that could not be used, with the reason.
        saddles: what the landscape is like at narrow places of the graph, if that was measured.
    """
    targets = sorted(set(graph.target.tolist()))
    numbers = [np.flatnonzero(graph.target.numpy() == target) for target in targets]
    for size in SIZES:
        store, left, shown = Pictures(size), MOST, []
        for target, members in zip(targets, numbers, strict=True):
            kept = members[np.argsort(graph.loss[members], kind="stable")][:left]
            left -= len(kept)
            if len(kept):
                part = graph.subgraph(kept)
                group = _group(part, target, [names[k] for k in kept], class_names, store, len(members))
                shown.append(group | {"saddles": _saddles(graph, saddles or (), kept.tolist(), class_names, store)})
        if store.characters <= LIMIT:
            break
    direct = graph.directly_connected()
    return render(
        "graph.html",
        ("common.js", "axes.js", "graph.js"),
        {
            "unit": str(graph.description.get("unit", "loss")),
            "groups": shown,
            "measured": saddles is not None,
            "pictures": store.urls,
        },
        title=title,
        cards={
            "inputs": len(graph),
            "shown": sum(len(each["nodes"]) for each in shown),
            "direct": None if math.isnan(direct) else direct,
            "through": graph.connected_through() if graph.pairs else None,
            "settled": graph.settled,
            "profiles": len(graph.edges),
            "pairs": graph.pairs,
        },
        skipped=skipped or {},
        made=made or {},
    )


def _group(
    graph: BarrierGraph,
    target: int,
    names: Sequence[str],
    class_names: Sequence[str] | None,
    store: Pictures,
    members: int,
) -> dict[str, Any]:
    """One class, ready for JSON; its inputs by ascending loss."""
    place, tree = placed(graph), graph.tree
    apart = set(graph.apart().tolist())
    nodes = [
        {
            "name": names[k],
            "loss": float(graph.loss[k]),
            "seen": None if graph.predicted[k] == target else style.class_name(int(graph.predicted[k]), class_names),
            "picture": store.add(graph.x[k], graph.input_kind),
            "x": int(place.x[k]),
            "parent": int(place.parent[k]),
            "level": plain(float(place.level[k])),
            "apart": k in apart,
        }
        for k in range(len(graph))
    ]
    edges = []
    for row in range(len(tree)):
        edge = int(tree.row[row])
        led = edge in graph.paths and graph.edges.found[edge] < graph.edges.direct[edge]
        edges.append(
            {
                "i": int(tree.i[row]),
                "j": int(tree.j[row]),
                "max": float(tree.weight[row]),
                "peak": store.add(graph.peak(edge), graph.input_kind),
                "led": led,
                "seen": style.class_name(int(graph.edges.peak_class[edge]), class_names),
            }
        )
    return {
        "name": style.class_name(target, class_names),
        "members": members,
        "nodes": nodes,
        "edges": edges,
        "share": _share(graph),
    }


def _saddles(
    graph: BarrierGraph, saddles: Sequence[Saddle], kept: list[int], class_names: Sequence[str] | None, store: Pictures
) -> list[dict[str, Any]]:
    """Narrow places between two of the inputs that the page holds, each with a strip of inputs along its edge."""
    place = {number: k for k, number in enumerate(kept)}
    return [
        {
            "i": place[each.i],
            "j": place[each.j],
            "max": each.max_loss,
            "sizes": list(each.sizes),
            "negative": each.negative,
            "flat": each.flat,
            "directions": len(each.curvatures),
            "other": style.class_name(each.other_class, class_names),
            "probability": each.other_probability,
            "strip": [store.add(x, graph.input_kind) for x in along_edge(graph, each)],
        }
        for each in saddles
        if each.i in place and each.j in place
    ]


def along_edge(graph: BarrierGraph, saddle: Saddle) -> list[Input]:
    """Inputs from one end over the peak to the other."""
    first, peak, last = graph.x[saddle.i], saddle.peak, graph.x[saddle.j]
    between = [torch.lerp(one.to(peak), other.to(peak), 0.5) for one, other in ((first, peak), (peak, last))]
    return [first, between[0], peak, between[1], last]


def _share(graph: BarrierGraph) -> dict[str, Any]:
    """Share of the inputs in the largest region, level by level."""
    values = np.unique(np.concatenate([graph.loss, graph.tree.weight]))
    if len(values) > LEVELS:
        values = values[np.linspace(0, len(values) - 1, LEVELS).astype(int)]
    drawn = bool(graph.edges.drawn.any())
    return {
        "level": values.tolist(),
        "inside": [float((graph.loss <= value).mean()) for value in values],
        "largest": [float((graph.components(value) == 0).mean()) for value in values],
        "random": [plain(random_share(graph, float(value))) for value in values] if drawn else [],
    }
