"""Forest: a minimum spanning forest of inputs, and what follows from it: minimax, components, persistence.

All minimax paths of a graph lie in any of its minimum spanning trees (Hu 1961). How components join as the level rises
is the merge tree of the sublevel sets; chemists draw it as a disconnectivity graph (Becker and Karplus 1997).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple, final

import numpy as np
from scipy.cluster.hierarchy import DisjointSet, cophenet
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components, minimum_spanning_tree

from isthmus.graphs.edges import Flags, Floats, Numbers


class Merges(NamedTuple):
    """How components join as the level rises, one row a tree edge (e,), in the order of their levels.

    Attributes:
        level: at which they join.
        left, right: numbers of the components that join, as scipy's linkage counts them: below n a single input, n + r
            what row r made. The left one has the lower lowest loss.
        left_size, right_size: inputs of each.
        birth: lowest loss of the right one, the one that ends here.
        dies: the input of that lowest loss.
    """

    level: Floats
    left: Numbers
    right: Numbers
    left_size: Numbers
    right_size: Numbers
    birth: Floats
    dies: Numbers


@final
@dataclass(frozen=True, eq=False)
class Forest:
    """A minimum spanning forest over n inputs.

    Attributes:
        loss: of each input (n,).
        i, j: of its edges (e,), by ascending weight.
        weight: max loss of each.
        row: of each among the edges that it was made of.
    """

    loss: Floats
    i: Numbers
    j: Numbers
    weight: Floats
    row: Numbers

    @staticmethod
    def spanning(loss: Floats, i: Numbers, j: Numbers, weight: Floats) -> Forest:
        """The minimum spanning forest of some edges; NaN and infinite weights take no part.

        Args:
            loss: of each input (n,).
            i, j, weight: of each edge.
        """
        n = len(loss)
        usable = np.flatnonzero(np.isfinite(weight) & (i != j))
        # Only the order of the weights counts: ranks are positive, whatever the losses are.
        order = usable[np.argsort(weight[usable], kind="stable")]
        low, high = np.minimum(i[order], j[order]), np.maximum(i[order], j[order])
        _, first = np.unique(low * n + high, return_index=True)  # of parallel edges the lowest
        first = np.sort(first)
        ranked = coo_array((first + 1.0, (low[first], high[first])), shape=(n, n)).tocsr()
        tree = minimum_spanning_tree(ranked).tocoo()
        rows = order[np.sort(tree.data.astype(np.int64)) - 1]
        # A path holds its ends, so that no edge is lower than these; rounding may say otherwise.
        ends = np.maximum(loss[i[rows]], loss[j[rows]])
        lifted = np.maximum(weight[rows], ends)
        again = np.argsort(lifted, kind="stable")
        rows = rows[again]
        return Forest(loss, i[rows], j[rows], lifted[again], rows)

    def __len__(self) -> int:
        return len(self.i)

    @cached_property
    def merges(self) -> Merges:
        """How components join as the level rises."""
        n, count = len(self.loss), len(self)
        sets = DisjointSet(range(n))
        number, lowest, size = np.arange(n), np.arange(n), np.ones(n, np.int64)
        left, right, dies = (np.zeros(count, np.int64) for _ in range(3))
        sizes = np.zeros((count, 2), np.int64)
        for row, (a, b) in enumerate(zip(self.i.tolist(), self.j.tolist(), strict=True)):
            one, other = sets[a], sets[b]
            if self.loss[lowest[other]] < self.loss[lowest[one]]:
                one, other = other, one
            left[row], right[row], dies[row] = number[one], number[other], lowest[other]
            sizes[row] = size[one], size[other]
            keep, total = lowest[one], size[one] + size[other]
            sets.merge(a, b)
            root = sets[a]
            number[root], lowest[root], size[root] = n + row, keep, total
        return Merges(self.weight, left, right, sizes[:, 0], sizes[:, 1], self.loss[dies], dies)

    @property
    def smaller(self) -> Numbers:
        """Inputs on the smaller side of each edge when it joins two components (e,)."""
        return np.minimum(self.merges.left_size, self.merges.right_size)

    def trees(self) -> Numbers:
        """Number of the tree that each input belongs to (n,)."""
        return self._labels(np.ones(len(self), bool))

    def minimax(self, a: int, b: int) -> float:
        """Max loss of the minimax path between two inputs; infinite where no path is known."""
        nodes = self.route(a, b)
        if nodes is None:
            return float("inf")
        return float(self.loss[a]) if a == b else float(self._weights_along(nodes).max())

    def all_minimax(self) -> Floats:
        """Minimax of all pairs (i, j), i < j, in the order of `numpy.triu_indices(n, 1)`; infinite between trees."""
        n, merges, labels = len(self.loss), self.merges, self.trees()
        if n < 2:
            return np.zeros(0)
        left, right, size = merges.left.tolist(), merges.right.tolist(), (merges.left_size + merges.right_size).tolist()
        tops = dict(zip(labels.tolist(), range(n), strict=True))
        for row, label in enumerate(labels[self.i].tolist()):
            tops[label] = n + row
        whole, *others = tops.values()
        total = int((labels == labels[0]).sum())
        for other in others:  # scipy knows single trees only: the others are joined above everything
            total += 1 if other < n else size[other - n]
            left, right, size = [*left, whole], [*right, other], [*size, total]
            whole = n + len(left) - 1
        # Rows in the place of levels: heights of linkages are above 0, and come back as they are.
        table = np.column_stack([left, right, np.arange(1, n), size]).astype(float)
        levels = np.concatenate([self.weight, np.full(len(others), np.inf)])
        found: Floats = levels[cophenet(table).astype(np.int64) - 1]
        return found

    def route(self, a: int, b: int) -> Numbers | None:
        """Inputs along the minimax path (k,), a first and b last; None where no path is known."""
        _, before = breadth_first_order(self._adjacency, a, directed=False)
        if a != b and before[b] < 0:
            return None
        nodes = [b]
        while nodes[-1] != a:
            nodes.append(int(before[nodes[-1]]))
        return np.array(nodes[::-1], np.int64)

    def rows_along(self, nodes: Numbers) -> Numbers:
        """Places among the tree's edges of the steps of a route (k - 1,)."""
        return np.array([self._place[min(a, b), max(a, b)] for a, b in pairwise(nodes.tolist())], np.int64)

    def components(self, level: float) -> Numbers:
        """Number of the component of each input at a level (n,), the largest first; -1 where its own loss is higher."""
        labels = self._labels(self.weight <= level)
        inside = self.loss <= level
        names, counts = np.unique(labels[inside], return_counts=True)
        place = np.full(int(labels.max(initial=-1)) + 1, -1, np.int64)
        place[names[np.argsort(-counts, kind="stable")]] = np.arange(len(names))
        return np.where(inside, place[labels], -1)

    def pairs_within(self, slack: float) -> int:
        """Pairs whose minimax is no higher than the higher of their two losses + slack."""
        sets = DisjointSet(range(len(self.loss)))
        lower = np.zeros(len(self.loss), np.int64)  # of a component, at its root: inputs that came before
        edges, count, found = list(zip(self.i.tolist(), self.j.tolist(), self.weight.tolist(), strict=True)), 0, 0
        for number in np.argsort(self.loss, kind="stable").tolist():
            while count < len(edges) and edges[count][2] <= self.loss[number] + slack:
                a, b, _ = edges[count]
                total = lower[sets[a]] + lower[sets[b]]
                sets.merge(a, b)
                lower[sets[a]] = total
                count += 1
            root = sets[number]
            found += int(lower[root])
            lower[root] += 1
        return found

    def _labels(self, rows: Flags) -> Numbers:
        n = len(self.loss)
        graph = coo_array((np.ones(int(rows.sum())), (self.i[rows], self.j[rows])), shape=(n, n))
        labels: Numbers = connected_components(graph, directed=False)[1].astype(np.int64)
        return labels

    def _weights_along(self, nodes: Numbers) -> Floats:
        return self.weight[self.rows_along(nodes)]

    @cached_property
    def _adjacency(self) -> csr_array:
        n = len(self.loss)
        return coo_array((np.ones(len(self)), (self.i, self.j)), shape=(n, n)).tocsr()

    @cached_property
    def _place(self) -> dict[tuple[int, int], int]:
        low, high = np.minimum(self.i, self.j), np.maximum(self.i, self.j)
        return {(a, b): row for row, (a, b) in enumerate(zip(low.tolist(), high.tolist(), strict=True))}
