"""Barrier graphs: the tree from few profiles beside that of all pairs, how regions grow, and planted label noise.

    python -m benchmarks.graphs exact [cifar] [robust] [digits] [--inputs 300] [--class 3]
    python -m benchmarks.graphs many [--inputs 10000]
    python -m benchmarks.graphs million [--inputs 1000000] [--dimensions 2]
    python -m benchmarks.graphs regions [--inputs 100]

`exact` profiles all pairs, which takes a quarter of an hour for 300 inputs on one thread of a laptop.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from scipy.sparse import coo_array
from scipy.stats import bootstrap
from sklearn.metrics import roc_auc_score
from torch import Tensor

from benchmarks import assets, surfaces
from isthmus import Landscape, StraightLine, barrier_graph
from isthmus.graphs import BarrierGraph, Edges, Forest
from isthmus.graphs.candidates import Candidates, candidates
from isthmus.graphs.keeping import keeping
from isthmus.graphs.search import search
from isthmus.graphs.segments import look_at
from isthmus.reports.graph_figure import random_share
from isthmus.testing import Basins

TOLERANCE = 1e-3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("exact", "many", "million", "million-run", "regions"))
    parser.add_argument("parts", nargs="*", default=["cifar"])
    parser.add_argument("--inputs", type=int)
    parser.add_argument("--class", type=int, default=3, dest="index")
    parser.add_argument("--folder", type=Path, help="of million-run: where it is kept")
    parser.add_argument("--dimensions", type=int, default=2)
    parser.add_argument("--whole", action="store_true", help="million: beside a run in one go")
    options = parser.parse_args()
    if options.what == "million":
        million(options.inputs or 1_000_000, options.dimensions, options.whole)
        return
    if options.what == "million-run":
        million_run(options.inputs or 1_000_000, options.dimensions, options.folder)
        return
    if options.what == "many":
        many(options.inputs or 10_000)
        return
    for part in options.parts:
        landscape = Landscape(surfaces.network(part))
        x, target = everything(part, landscape)
        if options.what == "exact":
            exact(part, landscape, x[target == options.index][: options.inputs or 300], options.index)
        else:
            regions(part, landscape, x, target, options.inputs or 100)


def everything(part: str, landscape: Landscape) -> tuple[Tensor, Tensor]:
    """Recognised inputs: of CIFAR the test images and, after them, those of training."""
    x, target = surfaces.inputs(part, landscape)
    if part not in ("cifar", "robust"):
        return x, target
    surfaces.FOLDERS["more"] = "cifar10/train"
    more, classes = surfaces.inputs("more", landscape)
    return torch.cat([x, more]), torch.cat([target, classes])


def exact(part: str, landscape: Landscape, x: Tensor, index: int) -> None:
    """The tree of all pairs, and the one from few."""
    n = len(x)
    began = time.perf_counter()
    landscape.forward_equivalents = 0
    graph = barrier_graph(landscape, x, index, method=StraightLine())
    mine, cost = time.perf_counter() - began, landscape.forward_equivalents
    landscape.forward_equivalents = 0
    began = time.perf_counter()
    i, j = (side.astype(np.int64) for side in np.triu_indices(n, 1))
    edges = look_at(landscape, x, torch.full((n,), index), i, j)
    theirs, whole = time.perf_counter() - began, landscape.forward_equivalents
    best = Forest.spanning(graph.loss, edges.i, edges.j, edges.direct)
    apart = np.abs(graph.tree.all_minimax() - best.all_minimax())
    ends = np.maximum(graph.loss[i], graph.loss[j])
    searched = int((~graph.edges.drawn).sum())
    print(
        f"{part}, class {index}, {n} inputs: {searched:,} of {len(i):,} profiles ({searched / len(i):.1%}; and "
        f"{int(graph.edges.drawn.sum())} drawn at random), {cost / whole:.1%} of the forward-equivalents, "
        f"{mine:.0f} s instead of {theirs:.0f}; minimax equal to {TOLERANCE:g} for "
        f"{(apart <= TOLERANCE).mean():.2%} of pairs, largest difference {apart.max():.2g}; "
        f"settled {graph.settled:.2%}; directly connected {(edges.direct <= ends + 0.01).mean():.1%} "
        f"(drawn: {graph.directly_connected():.1%}), through others {best.pairs_within(0.01) / len(i):.2%}; "
        f"median max loss {np.median(edges.direct):.3f} directly, "
        f"{np.median(best.all_minimax()):.4f} minimax",
        flush=True,
    )
    against_random(edges.i, edges.j, edges.direct, graph)
    orders(landscape, x, graph, edges)


def orders(landscape: Landscape, x: Tensor, graph: BarrierGraph, edges: Edges) -> None:
    """How many segments a search looks at with all pairs as candidates, by the order in which it tries them."""
    n, loss = len(x), graph.loss
    place = np.empty(n, np.int64)
    place[np.argsort(loss, kind="stable")] = np.arange(n)
    turned = place[edges.i] < place[edges.j]
    high, low = np.where(turned, edges.j, edges.i), np.where(turned, edges.i, edges.j)
    row_of = np.zeros((n, n), np.int64)
    row_of[edges.i, edges.j] = row_of[edges.j, edges.i] = np.arange(len(edges))
    known = candidates(landscape, x, graph.target, torch.from_numpy(loss), most=n)
    by_slope = np.empty(len(edges))
    by_slope[row_of[known.high, known.low]] = known.score
    flat, logits = x.flatten(1).double(), landscape.logits(x).double().cpu()
    scores = {
        "down the slope, lowest first": by_slope,
        "down the slope": by_slope - place[low] / n,
        "lowest first": place[low] / n,
        "near in pixels": torch.cdist(flat, flat)[high, low].numpy(),
        "near in logits": torch.cdist(logits, logits)[high, low].numpy(),
        "at random": np.random.default_rng(0).random(len(edges)),
    }
    ends = np.maximum(loss[edges.i], loss[edges.j])
    barrier = edges.direct > ends + TOLERANCE
    for name, score in scores.items():
        found = search(
            loss,
            Candidates(high, low, score),
            lambda i, j: edges.take(row_of[i, j]),
            tolerance=TOLERANCE,
            budget=len(edges),
        )
        print(
            f"    {name}: {len(found):,} segments; tells barriers with AUROC {roc_auc_score(barrier, score):.2f}",
            flush=True,
        )


def against_random(i: np.ndarray, j: np.ndarray, weight: np.ndarray, graph: BarrierGraph) -> None:
    """Degree, clustering and largest component at levels, beside a random graph with as many edges."""
    n = len(graph)
    print(
        "    level: inside, share of pairs, clustering (random: that share), spread of degrees (random), "
        "largest (random)"
    )
    for quantile in (0.3, 0.5, 0.7, 0.9):
        level = float(np.quantile(graph.loss, quantile)) + 0.01
        inside = np.flatnonzero(graph.loss <= level)
        place = np.full(n, -1)
        place[inside] = np.arange(len(inside))
        rows = (weight <= level) & (place[i] >= 0) & (place[j] >= 0)
        pairs = (place[i[rows]], place[j[rows]])
        adjacency = coo_array((np.ones(rows.sum()), pairs), shape=(len(inside), len(inside))).toarray()
        adjacency += adjacency.T
        share = adjacency.sum() / (len(inside) * (len(inside) - 1))
        triangles = np.trace(adjacency @ adjacency @ adjacency)
        degree = adjacency.sum(1)
        triples = (degree * (degree - 1)).sum()
        spread, random = degree.std(), np.sqrt((len(inside) - 1) * share * (1 - share))
        largest = (graph.components(level) == 0).sum() / len(inside)
        print(
            f"    {level:.3g}: {len(inside)}, {share:.1%}, {triangles / max(1, triples):.2f} ({share:.2f}), "
            f"{spread:.1f} ({random:.1f}), {largest:.2f} ({random_share(graph, level) * n / len(inside):.2f})",
            flush=True,
        )


def many(count: int) -> None:
    """CIFAR images of all classes, mirrored and shifted until there are so many."""
    landscape = Landscape(assets.cifar_network())
    x, target = everything("cifar", landscape)
    parts, classes = [x, x.flip(3)], [target, target]
    for down, right in ((1, 0), (0, 1), (-1, 0), (0, -1)):
        parts.append(torch.roll(x, (down, right), (2, 3)))
        classes.append(target)
    x, target = torch.cat(parts), torch.cat(classes)
    keep = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))[:count]
    x, target = x[keep], target[keep]
    right = landscape.logits(x).argmax(1) == target
    x, target = x[right], target[right]
    began = time.perf_counter()
    told = began

    def tell(progress: object) -> None:
        nonlocal told
        if time.perf_counter() - told > 60:
            told = time.perf_counter()
            print(f"    {told - began:.0f} s: {progress}", flush=True)

    graph = barrier_graph(landscape, x, target, on_progress=tell)
    print(
        f"{len(x):,} images, {graph.pairs:,} pairs: {len(graph.edges):,} segments, {graph.cost:,} forward-equivalents, "
        f"{time.perf_counter() - began:.0f} s on {torch.get_num_threads()} threads; settled {graph.settled:.2%}, "
        f"directly connected {graph.directly_connected():.1%}, through others {graph.connected_through():.2%}"
    )


def million(count: int, dimensions: int, beside: bool) -> None:
    """A landscape of basins with known saddles, killed on the way and taken up again."""
    command = [sys.executable, "-m", "benchmarks.graphs", "million-run", "--inputs", str(count)]
    command += ["--dimensions", str(dimensions), "--folder"]
    with tempfile.TemporaryDirectory() as folder:
        whole, killed = Path(folder) / "whole", Path(folder) / "killed"
        if beside:
            print("== in one go", flush=True)
            subprocess.run([*command, str(whole)], check=True)
        began = time.perf_counter()
        process = subprocess.Popen([*command, str(killed)], stdout=subprocess.DEVNULL)
        while len(list((killed / "segments").glob("*.safetensors"))) < count // 1024:  # half of what there will be
            time.sleep(0.2)
        process.kill()
        process.wait()
        parts = len(list((killed / "segments").glob("*.safetensors")))
        print(f"== killed after {time.perf_counter() - began:.0f} s with {parts:,} parts there, and again", flush=True)
        subprocess.run([*command, str(killed)], check=True)
        if beside:
            one, other = (BarrierGraph.load(place / "graph") for place in (whole, killed))
            print(f"the same tree: {np.array_equal(one.tree.weight, other.tree.weight)}")


def million_run(count: int, dimensions: int, folder: Path) -> None:
    """One run, kept in a folder on its way."""
    landscape = Basins(dimensions=dimensions)
    x = torch.rand((count, dimensions), generator=torch.Generator().manual_seed(0)) * 4 - 2
    x[: len(landscape.centres)] = landscape.centres.float()
    target = torch.zeros(count, dtype=torch.long)
    began = time.perf_counter()
    kept = keeping(landscape, x, target, folder / "segments")
    graph = barrier_graph(landscape, x, target, most=8, method=StraightLine(), look=kept)
    seconds = time.perf_counter() - began
    graph.save(folder / "graph")
    sizes = {name: sum(file.stat().st_size for file in (folder / name).iterdir()) for name in ("segments", "graph")}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{count:,} inputs of {dimensions} numbers: {len(graph.edges):,} segments, {graph.cost:,} forward-equivalents, "
        f"{seconds:.0f} s on {torch.get_num_threads()} threads, {memory:.2f} GiB of memory at most; "
        f"{sizes['segments'] / 1e6:.0f} MB kept on the way, {sizes['graph'] / 1e6:.0f} MB in the end; "
        f"settled {graph.settled:.5%}"
    )
    found = [graph.minimax(k, k + 1) for k in range(len(landscape.saddles))]
    print(f"minimax of neighbouring basins {np.round(found, 4)}, saddles {np.round(landscape.saddles.numpy(), 4)}")


def regions(part: str, landscape: Landscape, x: Tensor, target: Tensor, count: int) -> None:
    """How the classes of a network hang together, and the means over classes with their intervals."""
    shares: dict[str, list[float]] = {"directly connected": [], "through others": [], "settled": []}
    print(f"{part}: class, inputs, regions at the boundary, directly connected, through others, settled, segments")
    for index in torch.unique(target).tolist():
        own = x[target == index][:count]
        graph = barrier_graph(landscape, own, int(index))
        labels = graph.components(graph.boundary)
        print(
            f"    {int(index)}: {len(own)}, {len(set(labels.tolist()) - {-1})} (largest {(labels == 0).sum()}), "
            f"{graph.directly_connected():.1%}, {graph.connected_through():.2%}, {graph.settled:.2%}, "
            f"{len(graph.edges)}",
            flush=True,
        )
        measured = (graph.directly_connected(), graph.connected_through(), graph.settled)
        for name, share in zip(shares, measured, strict=True):
            shares[name].append(share)
    for name, values in shares.items():
        found = bootstrap((values,), np.mean, rng=0) if len(values) > 1 else None
        interval = f" ({found.confidence_interval.low:.1%} to {found.confidence_interval.high:.1%})" if found else ""
        print(f"    mean over {len(values)} classes, {name}: {np.mean(values):.1%}{interval}", flush=True)


if __name__ == "__main__":
    main()
