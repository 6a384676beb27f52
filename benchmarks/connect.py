"""How well, at what cost and how fast pairs are connected, beside the published procedure on the same pairs.

    python -m benchmarks.connect [cifar] [robust] [resnet56] [mnist] [imagenet] [squeezenet] [memory]
        [--pairs N] [--paper-pairs 4] [--dense 2001]

The published procedure (one pair at a time, 1000 evenly spaced points on the direct path and on the path found, 1024
Adam steps) is timed in the same run on `--paper-pairs` of the pairs, evenly spaced.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor

from benchmarks import assets
from isthmus import BarrierBypass, Connections, Landscape, Network, Sampling, connect
from isthmus.profiles import profile_many


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=["cifar", "robust", "imagenet", "squeezenet", "memory"])
    parser.add_argument("--pairs", type=int, help="pairs; by default 64, and 40 of ImageNet")
    parser.add_argument("--paper-pairs", type=int, default=4)
    parser.add_argument("--dense", type=int, default=2001, help="points of the scan that checks the profiles; 0: none")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    options = parser.parse_args()
    device = options.device
    where = torch.cuda.get_device_name() if device.startswith("cuda") else f"{os.cpu_count()} CPU cores"
    print(
        f"{where}, torch {torch.__version__} with {torch.get_num_threads()} threads, Python {platform.python_version()}"
    )
    for part in options.parts:
        if part == "memory":
            memory(device)
            continue
        network, pairs = SETTINGS[part](options.pairs)
        network.model.to(device)
        print(f"\n== {part}: {network.name}, {len(pairs[2])} pairs")
        points = min(options.dense, 501) if "imagenet" in network.name else options.dense
        measure(network, pairs, options.paper_pairs, points)


Pairs = tuple[Tensor, Tensor, Tensor]


def cifar(network: Network, count: int | None) -> tuple[Network, Pairs]:
    return network, assets.cifar_pairs(Landscape(network), count or 64)


def mnist(count: int | None) -> tuple[Network, Pairs]:
    network = assets.mnist_network()
    return network, assets.mnist_pairs(Landscape(network), count or 64)


def imagenet(name: str, count: int | None) -> tuple[Network, Pairs]:
    network = assets.imagenet_network(name)
    pairs = assets.imagenet_pairs(Landscape(network), -(-(count or 40) // 20))
    return network, (pairs[0][:count], pairs[1][:count], pairs[2][:count])


SETTINGS: dict[str, Callable[[int | None], tuple[Network, Pairs]]] = {
    "cifar": lambda count: cifar(assets.cifar_network(), count),
    "resnet56": lambda count: cifar(assets.cifar_network("cifar10_resnet56"), count),
    "robust": lambda count: cifar(assets.robust_network(), count),
    "mnist": mnist,
    "imagenet": lambda count: imagenet("resnet18", count),
    "squeezenet": lambda count: imagenet("squeezenet1_0", count),
}


def measure(network: Network, pairs: Pairs, paper_pairs: int, dense: int) -> None:
    a, c, target = pairs
    connect(Landscape(network), a[:4], c[:4], target[:4])  # warm-up
    ours = Landscape(network)
    with inside_network(ours) as inside:
        began, cpu_began = time.perf_counter(), time.process_time()
        found = connect(ours, a, c, target)
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu_began
    report("isthmus", found, seconds)
    print(f"  share of the time inside the network: {inside[0] / seconds:.1%}")
    published = Landscape(network)
    parts, paper_seconds, paper_cpu = [], 0.0, 0.0
    for number in torch.linspace(0, len(a) - 1, min(paper_pairs, len(a))).long().tolist():
        one = slice(number, number + 1)
        began, cpu_began = time.perf_counter(), time.process_time()
        parts.append(connect(published, a[one], c[one], target[one], method=BarrierBypass.paper()))
        paper_seconds += time.perf_counter() - began
        paper_cpu += time.process_time() - cpu_began
        print(f"  (published procedure: pair {number}, {time.perf_counter() - began:.1f} s)", flush=True)
    if parts:
        paper = Connections(tuple(part[0] for part in parts), parts[0].description)
        report("published procedure", paper, paper_seconds)
        costs = [median_cost(paper), median_cost(found)]
        print(f"  ratio: {costs[0] / costs[1]:.0f} times fewer forward-equivalents (medians),", end=" ")
        print(f"{paper_seconds / len(paper) / (seconds / len(found)):.0f} times the pairs per minute", end=" ")
        print(f"({paper_cpu / len(paper) / (cpu / len(found)):.0f} times by CPU time)")
    if dense:
        check_profiles(found, target, Landscape(network), dense)


def report(name: str, found: Connections, seconds: float) -> None:
    bypassed = [pair for pair in found if len(pair.path.vertices) > 2]
    deviation = statistics.fmean(pair.path.deviation for pair in bypassed) if bypassed else 0.0
    direct = sum(pair.direct.max_loss <= pair.threshold for pair in found)
    cost = statistics.median(pair.forward_equivalents for pair in bypassed) if bypassed else 0
    print(
        f"  {name}: {sum(pair.connected for pair in found)}/{len(found)} connected ({direct} directly), "
        f"{sum(pair.class_connected for pair in found)} class-connected; forward-equivalents a pair: "
        f"median {median_cost(found):.0f}, of bypassed pairs {cost:.0f}; mean deviation of bypassed pairs "
        f"{deviation:.2%}; {seconds:.1f} s, {60 * len(found) / seconds:.1f} pairs a minute"
    )


def median_cost(found: Connections) -> float:
    return statistics.median(pair.forward_equivalents for pair in found)


def check_profiles(found: Connections, target: Tensor, landscape: Landscape, points: int) -> None:
    """Every profile, and every claim that a path is connected, against an even scan that shares no choice with it."""
    for name, profiles, paths in (
        ("direct", [pair.direct for pair in found], [pair.direct_path.vertices for pair in found]),
        ("found", [pair.profile for pair in found], [pair.path.vertices for pair in found]),
    ):
        scans = profile_many(landscape, paths, target, sampling=Sampling.even(points))
        missed = [scan.max_loss - p.max_loss for scan, p in zip(scans, profiles, strict=True)]
        bad = sum(m > 0.02 and m > 0.02 * p.max_loss for m, p in zip(missed, profiles, strict=True))
        print(
            f"  scan at {points} points, {name} paths: {bad}/{len(found)} maxima missed by more than 0.02 and 2 %, "
            f"largest {max(missed):.4f}"
        )
        if name == "found":
            over = [
                scan.max_loss - pair.threshold
                for scan, pair in zip(scans, found, strict=True)
                if pair.connected and scan.max_loss > pair.threshold
            ]
            print(
                f"  connected paths above their threshold on that scan: {len(over)}, "
                f"by at most {max(over, default=0):.4f}"
            )


@contextmanager
def inside_network(landscape: Landscape) -> Iterator[list[float]]:
    """Seconds spent in the network's forward and backward pass."""
    spent = [0.0]
    forward, backward = landscape.network.model.forward, torch.autograd.grad

    def timed(call):  # type: ignore[no-untyped-def]
        def inner(*args, **kwargs):  # type: ignore[no-untyped-def]
            began = time.perf_counter()
            try:
                return call(*args, **kwargs)
            finally:
                if torch.cuda.is_available():
                    torch.cuda.synchronize()
                spent[0] += time.perf_counter() - began

        return inner

    landscape.network.model.forward = timed(forward)
    torch.autograd.grad = timed(backward)
    try:
        yield spent
    finally:
        del landscape.network.model.forward
        torch.autograd.grad = backward


def memory(device: str, count: int = 2000) -> None:
    """Peak memory of one call with many pairs, above what the process held before."""
    network = assets.cifar_network()
    network.model.to(device)
    landscape = Landscape(network)
    a, c, target = assets.cifar_pairs(landscape, count)
    before = resident()
    stop, peak = threading.Event(), [before]

    def watch() -> None:
        while not stop.wait(0.01):
            peak[0] = max(peak[0], resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    began = time.perf_counter()
    found = connect(landscape, a, c, target)
    seconds = time.perf_counter() - began
    stop.set()
    watcher.join()
    print(f"\n== memory: {len(a)} pairs of cifar in one call")
    report("isthmus", found, seconds)
    print(f"  peak {(peak[0] - before) / 2**30:.2f} GiB above the {before / 2**30:.2f} GiB held before")


def resident() -> int:
    """Bytes of memory this process holds."""
    try:
        with Path("/proc/self/statm").open() as stream:
            return int(stream.read().split()[1]) * resource.getpagesize()
    except FileNotFoundError:  # not Linux: the peak so far
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
