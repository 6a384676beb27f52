"""The page of a graph: its tree, its inputs, and the minimax path between any two that are clicked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from isthmus._core.files import plain
from isthmus.graphs import BarrierGraph
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
) -> str:
    """The page as HTML text.

    Args:
        graph: the graph.
        names: what each input is called, such as its file.
        class_names: names of the classes.
        title: the headline.
        made: how it was made, shown at the foot.
        skipped: inputs that could not be used, with the reason.
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
                shown.append(_group(part, target, [names[k] for k in kept], class_names, store, len(members)))
        if store.characters <= LIMIT:
            break
    direct = graph.directly_connected()
    return render(
        "graph.html",
        ("common.js", "graph.js"),
        {"unit": str(graph.description.get("unit", "loss")), "groups": shown, "pictures": store.urls},
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
