"""BarrierGraph: how inputs hang together: which are joined at which loss, through which others."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, final

import numpy as np
import torch

from isthmus._core.annotated import as_annotated
from isthmus._core.displayed import Plotted
from isthmus._core.geometry import lengths
from isthmus._core.shapes import Input, Inputs, Targets
from isthmus._core.text import amount
from isthmus.errors import InputError
from isthmus.graphs.edges import Edges, Floats, Numbers
from isthmus.graphs.forest import Forest
from isthmus.inputs.kinds import InputKind
from isthmus.paths import Polyline

if TYPE_CHECKING:
    import pyarrow

    from isthmus.graphs.saddles import Saddle
    from isthmus.landscapes import AbstractLandscape


@final
@dataclass(frozen=True, eq=False)
class Narrow:
    """A narrow place: an edge of the forest at which two regions join.

    Attributes:
        i, j: the two inputs.
        max_loss: at which the regions join.
        sizes: inputs of the smaller and of the larger region.
        peak_class: class predicted at the peak of the segment.
        peak: the input of highest loss on the edge (*input).
    """

    i: int
    j: int
    max_loss: float
    sizes: tuple[int, int]
    peak_class: int
    peak: Input = field(repr=False)


class Basins(NamedTuple):
    """Persistence of the components of a graph as the level rises (Edelsbrunner et al. 2002), longest-lived first.

    Attributes:
        input: number of the lowest input of each component (b,).
        begins: its loss.
        ends: the level at which the component joins one with a lower input; infinite for the lowest of each tree.
    """

    input: Numbers
    begins: Floats
    ends: Floats


@final
@dataclass(frozen=True, eq=False, kw_only=True)
class BarrierGraph(Plotted):
    """Inputs as nodes, and between them edges that carry the max loss of a path: the segment, or one that was found.

    Attributes:
        x: the inputs (n, *input), in data units, on the CPU.
        target: class of each (n,). Inputs of different targets have no edge.
        loss: of each (n,).
        predicted: class predicted for each (n,).
        edges: what was looked at: enough for the minimum spanning forest, not all pairs.
        paths: paths that were found, by the row of their edge, from i to j.
        threshold: the level above which edges of the forest were led around their peaks.
        tolerance: an edge that is higher than its ends by no more counted as low as these.
        cost: forward-equivalents of everything.
        description: how it was made: landscape, settings, versions; ready for JSON.
        input_kind: what the inputs are, where that is known.
    """

    x: Inputs
    target: Targets
    loss: Floats
    predicted: Numbers
    edges: Edges
    paths: Mapping[int, Polyline]
    threshold: float
    tolerance: float
    cost: int
    description: dict[str, Any]
    input_kind: InputKind | None = None

    def __len__(self) -> int:
        return len(self.x)

    def __repr__(self) -> str:
        return (
            f"BarrierGraph({amount(len(self), 'input')}, {amount(len(self.edges), 'edge')}, {self.settled:.2%} of "
            "pairs settled)"
        )

    @cached_property
    def tree(self) -> Forest:
        """The minimum spanning forest: one tree for each target, or more where nothing joins them."""
        return Forest.spanning(self.loss, self.edges.i, self.edges.j, self.edges.max_loss)

    @property
    def pairs(self) -> int:
        """Pairs of inputs of one target."""
        counts = torch.unique(self.target, return_counts=True)[1]
        return int((counts * (counts - 1) // 2).sum())

    @property
    def settled(self) -> float:
        """Share of all pairs whose minimax is known to be right, at least: it is no higher than the higher of the two
        inputs (up to the tolerance), and no path can be lower. 1 where there are no pairs.
        """
        return self.connected_through(self.tolerance) if self.pairs else 1.0

    @as_annotated
    def minimax(self, i: int, j: int) -> float:
        """Max loss of the minimax path between two inputs; infinite where they are of different targets."""
        return self.tree.minimax(self._number(i), self._number(j))

    def route(self, i: int, j: int) -> Numbers:
        """Numbers of the inputs along the minimax path (k,), i first and j last.

        Raises:
            InputError: there is no path.
        """
        found = self.tree.route(self._number(i), self._number(j))
        if found is None:
            raise InputError(f"There is no path between the inputs {i} and {j}: they are of different targets.")
        return found

    @as_annotated
    def path(self, i: int, j: int) -> Polyline:
        """The minimax path between two inputs, through others: to be profiled and certified like any path.

        Raises:
            InputError: there is no path.
        """
        nodes = self.route(i, j)
        vertices = [self.x[nodes[:1]]]
        for a, b, place in zip(nodes, nodes[1:], self.tree.rows_along(nodes), strict=False):
            found = self._led_around(int(self.tree.row[place]))
            if found is None:
                vertices.append(self.x[b : b + 1])
            else:
                vertices.append((found.vertices if a < b else found.vertices.flip(0))[1:].to(self.x.dtype))
        return Polyline(torch.cat(vertices if len(nodes) > 1 else vertices * 2))

    @as_annotated
    def components(self, level: float) -> Numbers:
        """Number of the component of each input at a level (n,), the largest first; -1 where its own loss is higher."""
        return self.tree.components(level)

    def persistence(self) -> Basins:
        """The components that there are as the level rises: of what loss their lowest input is, and when they end."""
        merges, trees = self.tree.merges, self.tree.trees()
        order = np.lexsort((self.loss, trees))
        lowest = order[np.unique(trees[order], return_index=True)[1]]
        numbers = np.concatenate([lowest, merges.dies])
        begins = self.loss[numbers]
        ends = np.concatenate([np.full(len(lowest), np.inf), merges.level])
        order = np.argsort(-(ends - begins), kind="stable")
        return Basins(numbers[order], begins[order], ends[order])

    @as_annotated
    def narrowest(self, count: int = 5, *, least: int = 2) -> tuple[Narrow, ...]:
        """The edges that hold regions together, the highest first.

        Args:
            count: how many at most.
            least: inputs that the smaller region has at least: 2 leaves single inputs out, of which `apart` tells.
        """
        merges, tree = self.tree.merges, self.tree
        rows = np.flatnonzero(tree.smaller >= least)
        rows = rows[np.argsort(-tree.weight[rows], kind="stable")][:count]
        return tuple(
            Narrow(
                i=int(tree.i[row]),
                j=int(tree.j[row]),
                max_loss=float(tree.weight[row]),
                sizes=(int(tree.smaller[row]), int(max(merges.left_size[row], merges.right_size[row]))),
                peak=self.peak(int(tree.row[row])),
                peak_class=int(self.edges.peak_class[tree.row[row]]),
            )
            for row in rows
        )

    def peak(self, row: int) -> Input:
        """The input of highest loss on an edge (*input): on the path found, where that is lower than the segment."""
        found = self._led_around(row)
        if found is not None:
            return found.at(float(self.edges.found_t[row]))
        ends = self.x[[int(self.edges.i[row]), int(self.edges.j[row])]]
        return Polyline(ends).at(float(self.edges.peak_t[row]))

    @property
    def lowest_edge(self) -> Floats:
        """Max loss of the lowest edge of each input (n,): how far one must rise to get to any other; infinite for one
        that has none.
        """
        lowest = np.full(len(self), np.inf)
        weight = np.nan_to_num(self.edges.max_loss, nan=np.inf)
        np.minimum.at(lowest, self.edges.i, weight)
        np.minimum.at(lowest, self.edges.j, weight)
        found: Floats = np.maximum(lowest, self.loss)  # rounding may say otherwise
        return found

    @as_annotated
    def apart(self, level: float | None = None) -> Numbers:
        """Inputs whose every edge is higher than a level, those of the highest first.

        Args:
            level: by default the loss at which the target stops being more likely than all else: log 2 of
                cross-entropy, 0 of the margin; for other landscapes the threshold.
        """
        limit = self.boundary if level is None else level
        lowest = self.lowest_edge
        order = np.argsort(-lowest, kind="stable")
        return order[lowest[order] > limit]

    @property
    def boundary(self) -> float:
        """The level that `apart` takes by default."""
        known = {"nats": math.log(2), "logits": 0.0}
        return known.get(str(self.description.get("unit")), self.threshold)

    def directly_connected(self, slack: float = 0.01) -> float:
        """Share of pairs whose segment is no higher than the higher end + slack, of the pairs drawn at random."""
        edges = self.edges.take(self.edges.drawn)
        ends = np.maximum(self.loss[edges.i], self.loss[edges.j])
        return float((edges.direct <= ends + slack).mean()) if len(edges) else math.nan

    def connected_through(self, slack: float = 0.01) -> float:
        """Share of all pairs whose minimax is no higher than the higher of the two + slack."""
        return self.tree.pairs_within(slack) / self.pairs if self.pairs else math.nan

    def subgraph(self, numbers: Numbers) -> BarrierGraph:
        """Some of the inputs (m,), in this order, with the edges among them."""
        place = np.full(len(self), -1, np.int64)
        place[numbers] = np.arange(len(numbers))
        rows = np.flatnonzero((place[self.edges.i] >= 0) & (place[self.edges.j] >= 0))
        kept = self.edges.take(rows)
        turned = place[kept.i] > place[kept.j]
        i, j = place[kept.i], place[kept.j]
        edges = replace(
            kept,
            i=np.minimum(i, j),
            j=np.maximum(i, j),
            peak_t=np.where(turned, 1 - kept.peak_t, kept.peak_t),
            found_t=np.where(turned, 1 - kept.found_t, kept.found_t),
        )
        paths = {
            new: Polyline(self.paths[old].vertices.flip(0)) if turned[new] else self.paths[old]
            for new, old in enumerate(rows.tolist())
            if old in self.paths
        }
        chosen = torch.from_numpy(numbers)
        return replace(
            self,
            x=self.x[chosen],
            target=self.target[chosen],
            loss=self.loss[numbers],
            predicted=self.predicted[numbers],
            edges=edges,
            paths=paths,
        )

    def table(self) -> pyarrow.Table:
        """One row an edge; `docs/tables.md` lists the columns."""
        import pyarrow

        edges, x = self.edges, self.x
        step = max(1, 2**26 // max(1, x[0].numel()))
        distance = [
            lengths(x[edges.i[b : b + step]].double() - x[edges.j[b : b + step]].double()).numpy()
            for b in range(0, len(edges), step)
        ]
        in_tree, joins = np.zeros(len(edges), bool), np.zeros(len(edges), np.int64)
        in_tree[self.tree.row], joins[self.tree.row] = True, self.tree.smaller
        return pyarrow.table(
            {
                "i": edges.i,
                "j": edges.j,
                "target": self.target.numpy()[edges.i],
                "i_loss": self.loss[edges.i],
                "j_loss": self.loss[edges.j],
                "distance": np.concatenate(distance) if distance else np.zeros(0),
                "direct_max_loss": edges.direct,
                "peak_t": edges.peak_t,
                "peak_class": edges.peak_class,
                "direct_class_connected": edges.in_class,
                "found_max_loss": pyarrow.array(edges.found, from_pandas=True),
                "found_t": pyarrow.array(edges.found_t, from_pandas=True),
                "max_loss": edges.max_loss,
                "in_tree": in_tree,
                "joins": joins,
                "drawn": edges.drawn,
                "forward_equivalents": edges.cost,
            }
        )

    def saddles(self, landscape: AbstractLandscape, count: int = 5, *, least: int = 2) -> tuple[Saddle, ...]:
        """What the landscape is like at the narrowest places; see `isthmus.graphs.saddles`."""
        from isthmus.graphs.saddles import saddles

        return saddles(landscape, self, count=count, least=least)

    @as_annotated
    def save(self, folder: str | Path) -> Path:
        """Writes `edges.parquet`, `graph.safetensors` and `manifest.json` into a folder, which is made if need be.

        Raises:
            OutputError: the folder cannot be written, or holds files of these names.
        """
        from isthmus.graphs.files import save

        return save(self, Path(folder))

    @staticmethod
    @as_annotated
    def load(folder: str | Path) -> BarrierGraph:
        """Reads what `save` wrote, after checking it against the hashes in the manifest.

        Raises:
            OutputError: a file is missing, of another version, or was changed since.
        """
        from isthmus.graphs.files import load

        return load(Path(folder))

    def _led_around(self, row: int) -> Polyline | None:
        """The path of an edge, where it is better than the segment."""
        found = self.paths.get(row)
        return found if found is not None and self.edges.found[row] < self.edges.direct[row] else None

    def _number(self, number: int) -> int:
        if isinstance(number, bool) or not -len(self) <= number < len(self):
            raise InputError(f"The graph has the inputs 0 to {len(self) - 1}, got {number!r}.")
        return int(number) % len(self)
