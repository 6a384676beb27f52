"""A graph's folder: results, figure and page, together and whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from isthmus._core.files import plain, write_json, write_text
from isthmus.graphs import BarrierGraph
from isthmus.graphs.files import EDGES, SCHEMA, TENSORS, described
from isthmus.graphs.saddles import Saddle
from isthmus.reports import style
from isthmus.reports.graph_figure import graph_figure
from isthmus.reports.graph_page import graph_page
from isthmus.reports.making import how_made
from isthmus.results import RESULT, ResultFolder, claim

PAGE = "index.html"
NAMED = 20  # narrow places, and inputs that lie apart, that result.json names


@dataclass(frozen=True, kw_only=True)
class GraphRun:
    """A graph with what people call the things in it.

    Attributes:
        graph: the graph.
        names: what each input is called.
        class_names: names of the classes.
        title: headline of the page.
        command: the command that made the run.
        skipped: inputs that could not be used, with the reason.
        notes: what a reader should know.
        saddles: what the landscape is like at narrow places of the graph, if that was measured.
    """

    graph: BarrierGraph
    names: Sequence[str]
    class_names: Sequence[str] | None = None
    title: str = "How inputs hang together"
    command: str = ""
    skipped: dict[str, str] = field(default_factory=dict)
    notes: Sequence[str] = ()
    saddles: Sequence[Saddle] | None = None

    def summary(self) -> dict[str, Any]:
        """The graph in numbers, class by class."""
        graph = self.graph
        return {
            "inputs": len(graph),
            "pairs": graph.pairs,
            "segments": len(graph.edges),
            "forward_equivalents": graph.cost,
            "threshold": graph.threshold,
            "settled": graph.settled,
            "directly_connected": graph.directly_connected(),
            "connected_through_others": graph.connected_through(),
            "classes": [self._of_class(target) for target in sorted(set(graph.target.tolist()))],
        }

    def _of_class(self, target: int) -> dict[str, Any]:
        members = np.flatnonzero(self.graph.target.numpy() == target)
        graph, names = self.graph.subgraph(members), [self.names[k] for k in members.tolist()]
        return {
            "class": style.class_name(target, self.class_names),
            "target": target,
            "inputs": len(graph),
            "regions_at_boundary": len(set(graph.components(graph.boundary).tolist()) - {-1}),
            "largest_at_boundary": int((graph.components(graph.boundary) == 0).sum()),
            "directly_connected": graph.directly_connected(),
            "connected_through_others": graph.connected_through(),
            "settled": graph.settled,
            "narrowest": [
                {"a": names[each.i], "c": names[each.j], "max_loss": each.max_loss, "sizes": list(each.sizes)}
                for each in graph.narrowest(NAMED)
            ],
            "saddles": [
                {
                    "a": self.names[each.i],
                    "c": self.names[each.j],
                    "max_loss": each.max_loss,
                    "sizes": list(each.sizes),
                    "curvatures": [plain(value) for value in each.curvatures],
                    "doubt": plain(each.doubt),
                    "negative": each.negative,
                    "slope": plain(each.slope),
                    "other_class": style.class_name(each.other_class, self.class_names),
                    "other_probability": plain(each.other_probability),
                }
                for each in self.saddles or ()
                if int(self.graph.target[each.i]) == target
            ],
            "apart_count": len(graph.apart()),
            "apart": [
                {"input": names[k], "loss": float(graph.loss[k]), "lowest_edge": float(graph.lowest_edge[k])}
                for k in graph.apart()[:NAMED].tolist()
            ],
        }


def write_graph(run: GraphRun, folder: Path | ResultFolder, *, overwrite: bool = False) -> dict[str, Any]:
    """Writes everything, whole or not at all, and returns the summary.

    Files: `result.json`, `edges.parquet`, `graph.safetensors`, `manifest.json`, `index.html`, and a figure for each
    class, `CLASS.png` and `.svg` by the class's number in `figures/`.

    Raises:
        OutputError: it cannot be written, or is not empty.
    """
    graph = run.graph
    made = how_made(
        graph.description, inputs=" ".join(run.notes), command=run.command, threshold=f"{graph.threshold:.4g}"
    )
    summary = run.summary()
    with claim(folder, SCHEMA, overwrite=overwrite) as target, target.stage(described(graph)) as stage:
        graph.save(stage)
        html = graph_page(
            graph,
            names=run.names,
            class_names=run.class_names,
            title=run.title,
            made=made,
            skipped=run.skipped,
            saddles=run.saddles,
        )
        write_text(stage / PAGE, html)
        (stage / "figures").mkdir()
        unit = str(graph.description.get("unit", "loss"))
        for index in sorted(set(graph.target.tolist())):
            part = graph.subgraph(np.flatnonzero(graph.target.numpy() == index))
            name = style.class_name(index, run.class_names)
            figure = graph_figure(part, class_names=run.class_names, unit=unit, note=f"{run.title}: {name}")
            for kind in ("png", "svg"):
                style.save_figure(figure, stage / "figures" / f"{index}.{kind}")
        result = {
            "schema": SCHEMA,
            "command": run.command,
            "summary": summary,
            "names": list(run.names),
            "skipped": run.skipped,
            "notes": list(run.notes),
            "description": graph.description,
            "files": {"table": EDGES, "graph": TENSORS, "page": PAGE, "figures": "figures"},
        }
        write_json(stage / RESULT, result)
    return summary
