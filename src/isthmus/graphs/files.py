"""Files of a graph: its edges as a table, the rest as tensors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from isthmus._core.ragged import part_of, ragged
from isthmus.graphs.edges import TYPES, Edges
from isthmus.graphs.graph import BarrierGraph
from isthmus.inputs.kinds.restoring import restored
from isthmus.paths import Polyline
from isthmus.results.saved import check_files, read_table, save_files, write_table

SCHEMA = "isthmus/graph-result/1"  # docs/tables.md describes it
EDGES, TENSORS = "edges.parquet", "graph.safetensors"
COLUMNS = {  # of the table, by the field of Edges
    "i": "i",
    "j": "j",
    "direct": "direct_max_loss",
    "peak_t": "peak_t",
    "peak_class": "peak_class",
    "in_class": "direct_class_connected",
    "found": "found_max_loss",
    "found_t": "found_t",
    "drawn": "drawn",
    "cost": "forward_equivalents",
}


def save(graph: BarrierGraph, folder: Path) -> Path:
    """Writes a graph; see `BarrierGraph.save`."""
    from safetensors.torch import save_file

    rows = sorted(graph.paths)
    tensors = {
        "x": graph.x,
        "target": graph.target,
        "loss": torch.from_numpy(graph.loss),
        "predicted": torch.from_numpy(graph.predicted),
        "led": torch.tensor(rows, dtype=torch.long),
        **ragged("led.vertices", [graph.paths[row].vertices for row in rows]),
    }
    whole = {name: tensor.contiguous() for name, tensor in tensors.items()}
    files = {EDGES: lambda file: write_table(graph.table(), file), TENSORS: lambda file: save_file(whole, file)}
    return save_files(folder, SCHEMA, files, described(graph))


def described(graph: BarrierGraph) -> dict[str, Any]:
    """What a manifest holds of a graph."""
    about = {"threshold": graph.threshold, "tolerance": graph.tolerance, "cost": graph.cost}
    return graph.description | {"graph": about}


def load(folder: Path) -> BarrierGraph:
    """Reads a graph; see `BarrierGraph.load`."""
    from safetensors.torch import load_file

    description = check_files(folder, (EDGES, TENSORS), "a saved graph", schemas=[SCHEMA])
    about = description.pop("graph")
    tensors = load_file(folder / TENSORS)
    table = read_table(folder / EDGES)
    columns: dict[str, Any] = {
        field: np.array(table[column].to_numpy(zero_copy_only=False), TYPES[field]) for field, column in COLUMNS.items()
    }
    return BarrierGraph(
        x=tensors["x"],
        target=tensors["target"],
        loss=tensors["loss"].numpy(),
        predicted=tensors["predicted"].numpy(),
        edges=Edges(**columns),
        paths={
            row: Polyline(part_of(tensors, "led.vertices", place)) for place, row in enumerate(tensors["led"].tolist())
        },
        description=description,
        input_kind=restored(description),
        **about,
    )
