"""Exact profiles: how many pieces, how fast, how right.

    python -m benchmarks.exact [mnist] [robust] [resnet20] [squeezenet]

Each network gets one segment (small ones ten): pieces, seconds, the ratio to as many plain forward passes in the same
run (the median of several rounds where one is short), and a scan in float64 beside it. Of segments with very many
pieces only a part about the peak is taken (`--part`).
What samples miss is measured by `benchmarks.exact_samples`.
"""

from __future__ import annotations

import argparse
import resource
import time
from statistics import median
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from benchmarks import assets
from isthmus import Landscape, Network, Polyline, exact_profile, load_network, profile
from isthmus.certificates.affine_pieces import ExactProfile
from isthmus.certificates.affine_pieces.pieces import between
from isthmus.certificates.affine_pieces.precision import in_precision
from isthmus.inputs.pairs import pairs_within

SEGMENTS = {"mnist": 10, "robust": 10, "resnet20": 1, "squeezenet": 1}
ROUNDS = {"mnist": 15, "robust": 9, "resnet20": 1, "squeezenet": 1}
PARTS = {"mnist": 1.0, "robust": 1.0, "resnet20": 1.0, "squeezenet": 0.01}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("networks", nargs="*", choices=[*PARTS, []])
    parser.add_argument(
        "--part", type=float, help="share of the segment; by default all of it, or less where it is long"
    )
    parser.add_argument("--max-batch", type=int)
    parser.add_argument("--double", action="store_true", help="compute everything in float64")
    parser.add_argument("--points", type=int, default=20_001, help="of the scan in float64")
    options = parser.parse_args()
    print(f"torch {torch.__version__} with {torch.get_num_threads()} threads", flush=True)
    for name in options.networks or PARTS:
        dtype = torch.float64 if options.double else None
        measure(name, options.part or PARTS[name], options.max_batch, dtype, options.points)


def network_of(name: str) -> Network:
    models = assets.need() / "models"
    if name == "mnist":
        return load_network("py:benchmarks.networks:mnist_cnn", weights=models / "mnist_cnn_robust.npz")
    if name == "robust":
        return load_network("py:benchmarks.networks:cifar_cnn", weights=models / "cifar10_cnn_robust.npz")
    return assets.cifar_network() if name == "resnet20" else assets.imagenet_network("squeezenet1_0")


def pairs_of(name: str, landscape: Landscape, count: int) -> tuple[Tensor, Tensor, Tensor]:
    """Random pairs of one class, both recognised."""
    if name != "mnist":
        return assets.imagenet_pairs(landscape, 1) if name == "squeezenet" else assets.cifar_pairs(landscape, count)
    arrays = np.load(assets.need() / "mnist" / "mnist_subset.npz")
    x, target = torch.tensor(arrays["test_x"]).float()[:, None] / 255, torch.tensor(arrays["test_y"]).long()
    loss, logits = landscape.evaluate(x, target)
    groups = torch.where(logits.argmax(1) == target, target, -1).tolist()
    index = pairs_within(groups, loss, per_group=-(-count // 10))[:count]
    return x[index[:, 0]], x[index[:, 1]], target[index[:, 0]]


def measure(name: str, part: float, most: int | None, dtype: torch.dtype | None, points: int) -> None:
    network = network_of(name)
    landscape = Landscape(network)
    a, c, targets = (each[: SEGMENTS[name]] for each in pairs_of(name, landscape, 10))
    paths = []
    for start, end, target in zip(a, c, targets, strict=True):
        whole = Polyline(torch.stack([start, end]))
        begin = min(max(0.0, profile(landscape, whole, target).argmax_t - part / 2), 1 - part)
        paths.append(Polyline(torch.stack([whole.at(begin), whole.at(begin + part)])))
    exact_profile(landscape, Polyline(torch.stack([paths[0].at(0.0), paths[0].at(0.001)])), targets[0], dtype=dtype)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with landscape.fixed():  # as connect does around all pairs
        rounds = [timed(landscape, paths, targets, most, dtype) for _ in range(ROUNDS[name])]
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**20
    found = rounds[0].found
    pieces = sum(sum(each.pieces) for each in found)
    ratios = sorted(each.exact / each.plain for each in rounds)
    among = f" ({ratios[0]:.2f} to {ratios[-1]:.2f} in {len(ratios)} rounds)" if len(ratios) > 1 else ""
    seconds, plain = median(each.exact for each in rounds), median(each.plain for each in rounds)
    print(
        f"{name}: {len(paths)} of {part:g} of a segment, {pieces:,} pieces, {seconds:.3g} s, {median(ratios):.2f} "
        f"times as long{among} as {pieces:,} plain forwards ({plain:.3g} s); highest max loss "
        f"{max(each.max_loss for each in found):.8g}; unresolved {sum(each.unresolved for each in found)}; logits "
        f"off by {max(each.difference for each in found):.2g}; {memory:.2f} GiB above the rest",
        flush=True,
    )
    seen = [
        check(network, each, path, target, points) for each, path, target in zip(found, paths, targets, strict=True)
    ]
    above, apart = max(0.0, *(each for each, _ in seen)), max(each for _, each in seen)
    print(
        f"    scans of {points:,} points in float64: above the exact maximum by at most {above:.2g} of it; logits "
        f"differ by at most {apart:.2g}",
        flush=True,
    )


class Round(NamedTuple):
    """Exact profiles, the seconds they took, and the seconds of as many plain forwards right after."""

    found: list[ExactProfile]
    exact: float
    plain: float


def timed(
    landscape: Landscape, paths: list[Polyline], targets: Tensor, most: int | None, dtype: torch.dtype | None
) -> Round:
    began = time.perf_counter()
    found = [
        exact_profile(landscape, path, target, dtype=dtype, max_batch=most)
        for path, target in zip(paths, targets, strict=True)
    ]
    exact = time.perf_counter() - began
    pieces = sum(sum(each.pieces) for each in found)
    return Round(found, exact, forward_seconds(landscape, paths[0], targets[:1], pieces))


def forward_seconds(landscape: Landscape, path: Polyline, target: Tensor, count: int) -> float:
    """How long as many plain forwards take, measured on some of them."""
    batch = landscape.batch_size or 64
    x = path.at(torch.linspace(0, 1, batch, dtype=torch.float64))
    targets = target.expand(batch)
    landscape.evaluate(x, targets, validated=True)
    times = max(1, min(40, count // batch))
    began = time.perf_counter()
    for _ in range(times):
        landscape.evaluate(x, targets, validated=True)
    return (time.perf_counter() - began) / times / batch * count


def check(network: Network, found: ExactProfile, path: Polyline, target: Tensor, points: int) -> tuple[float, float]:
    """A scan in float64: how far it rises above the exact maximum, as a share of that, and differences of logits."""
    precise = in_precision(Landscape(network), torch.float64, path.vertices[0])
    highest, apart = 0.0, 0.0
    for where in torch.linspace(0, 1, points, dtype=torch.float64).split(256):
        x = Polyline(path.vertices.double()).at(where)
        loss, there = precise.evaluate(x, target.expand(len(x)), validated=True)
        highest = max(highest, float(loss.max()))
        apart = max(apart, float((between(found.t, found.logits.double(), where) - there).abs().max()))
    return (highest - found.max_loss) / found.max_loss, apart


if __name__ == "__main__":
    main()
