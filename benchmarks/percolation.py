"""Speed of a sweep: union-find over a 1000 x 1000 lattice in one thread, beside what other libraries do once.

Run: python -m benchmarks.percolation [--side 1000] [--repeats 7]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np
from scipy import ndimage
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from isthmus.percolation import Lattice, clusters_of, sweep
from isthmus.percolation.compiled import compiled
from isthmus.percolation.sweep import random_order


def best(work: Callable[[], object], repeats: int) -> tuple[float, float]:
    """Shortest and median seconds."""
    taken = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        taken.append(time.perf_counter() - began)
    return min(taken), float(np.median(taken))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=7)
    options = parser.parse_args()
    side = options.side
    print(f"compiled: {compiled(best) is not best}; {side} x {side} sites, one thread, {options.repeats} repeats")
    random = np.random.default_rng(0)
    for kind in ("site", "bond"):
        for periodic in (False, True):
            lattice = Lattice.cube(2, side, periodic=periodic)
            order = random_order(lattice, kind, random)
            sweep(Lattice.cube(2, 8, periodic=periodic), kind=kind)
            shortest, median = best(partial(sweep, lattice, kind=kind, order=order), options.repeats)
            print(
                f"sweep, {kind}s, {'periodic' if periodic else 'free'}: every p in {median:.3f} s (shortest "
                f"{shortest:.3f}), {lattice.bonds / median / 1e6:.1f} million edges a second"
            )
    is_open = random.random((side, side)) < 0.5927
    lattice = Lattice.cube(2, side)
    numbers = np.arange(lattice.sites).reshape(side, side)
    first = np.concatenate([numbers[:-1].ravel(), numbers[:, :-1].ravel()])
    second = np.concatenate([numbers[1:].ravel(), numbers[:, 1:].ravel()])
    both = is_open.ravel()[first] & is_open.ravel()[second]
    graph = coo_matrix((np.ones(both.sum(), dtype=np.int8), (first[both], second[both])), shape=(side**2,) * 2).tocsr()
    clusters_of(is_open[:8, :8])
    rows: list[tuple[str, Callable[[], object]]] = [
        ("clusters_of (this library)", lambda: clusters_of(is_open)),
        ("scipy.ndimage.label", lambda: ndimage.label(is_open)),
        ("scipy.sparse.csgraph.connected_components, graph ready", lambda: connected_components(graph, directed=False)),
    ]
    for name, work in rows:
        shortest, median = best(work, options.repeats)
        print(f"one p: {name}: {median:.3f} s, {lattice.bonds / median / 1e6:.1f} million edges a second")
    try:
        import networkx
    except ImportError:
        return
    small = 200
    grid = networkx.grid_graph((small, small))
    some = grid.subgraph([place for place in grid if is_open[place]])
    _, median = best(lambda: list(networkx.connected_components(some)), 3)
    print(
        f"one p: networkx.connected_components, {small} x {small}: {median:.3f} s, "
        f"{2 * small * (small - 1) / median / 1e6:.2f} million edges a second"
    )


if __name__ == "__main__":
    main()
