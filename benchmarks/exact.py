"""Exact profiles: how many pieces, how fast, how right, and what samples miss.

    python -m benchmarks.exact speed [mnist] [robust] [resnet20] [squeezenet]   pieces, seconds, ratio to plain forwards
    python -m benchmarks.exact samples [mnist] [robust] [--pairs 200]           by how much sampled profiles are too low

Segments of networks with very many pieces are cut short with `--part`, a share of the segment AC.
"""

from __future__ import annotations

import argparse
import resource
import time

import numpy as np
import torch
from torch import Tensor

from benchmarks import assets
from isthmus import Landscape, Network, Polyline, Sampling, exact_profile, load_network
from isthmus.connecting import SLACK
from isthmus.exact.pieces import between
from isthmus.inputs.pairs import pairs_within
from isthmus.profiles import profile_many

SAMPLINGS = {
    "33 points": Sampling.even(33),
    "101 points": Sampling.even(101),
    "257 points": Sampling.even(257),
    "1000 points": Sampling.even(1000),
    "adaptive (default)": Sampling(),
}
PARTS = {"mnist": 1.0, "robust": 1.0, "resnet20": 1.0, "squeezenet": 0.0005}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=["speed", "samples"])
    parser.add_argument("networks", nargs="*", choices=[*PARTS, []])
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument(
        "--part", type=float, help="share of the segment; by default all of it, or less where it is long"
    )
    parser.add_argument("--max-batch", type=int)
    parser.add_argument("--double", action="store_true", help="compute in float64")
    options = parser.parse_args()
    print(f"torch {torch.__version__} with {torch.get_num_threads()} threads")
    for name in options.networks or list(PARTS)[: None if options.what == "speed" else 2]:
        if options.what == "speed":
            speed(name, options.part or PARTS[name], options.max_batch, torch.float64 if options.double else None)
        else:
            samples(name, options.pairs)


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


def speed(name: str, part: float, most: int | None, dtype: torch.dtype | None) -> None:
    network = network_of(name)
    landscape = Landscape(network)
    a, c, target = (each[:1] for each in pairs_of(name, landscape, 10))
    c = torch.lerp(a, c, part)
    path = Polyline(torch.cat([a, c]))
    exact_profile(landscape, Polyline(torch.cat([a, torch.lerp(a, c, 0.001)])), target, dtype=dtype, max_batch=most)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    found = exact_profile(landscape, path, target, dtype=dtype, max_batch=most)
    seconds = time.perf_counter() - began
    memory = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 2**20
    pieces = sum(found.pieces)
    plain = forward_seconds(landscape, path, target, pieces, most or landscape.batch_size or 64)
    print(
        f"{name}: {pieces:,} pieces on {part:g} of the segment, {seconds:.2f} s, {seconds / plain:.2f} times as long "
        f"as {pieces:,} plain forwards ({plain:.2f} s); max loss {found.max_loss:.6g} at t = {found.argmax_t:.4f}; "
        f"unresolved {found.unresolved}; {memory:.2f} GiB above the rest"
    )
    check(network, found.t, found.logits, found.max_loss, path, target)


def forward_seconds(landscape: Landscape, path: Polyline, target: Tensor, count: int, batch: int) -> float:
    """How long as many plain forwards take, measured on some of them."""
    x = path.at(torch.linspace(0, 1, batch, dtype=torch.float64))
    targets = target.expand(batch)
    landscape.evaluate(x, targets, validated=True)
    times = max(1, min(40, count // batch))
    began = time.perf_counter()
    for _ in range(times):
        landscape.evaluate(x, targets, validated=True)
    return (time.perf_counter() - began) / times / batch * count


def check(network: Network, t: Tensor, logits: Tensor, max_loss: float, path: Polyline, target: Tensor) -> None:
    """A scan in float64 beside it."""
    import copy

    precise = Network(
        copy.deepcopy(network.model).double(),
        mean=None if network.mean is None else network.mean.tolist(),
        std=None if network.std is None else network.std.tolist(),
        check=False,
    )
    landscape = Landscape(precise)
    points = 20_001 if path.vertices.numel() < 10_000 else 501
    highest, apart = 0.0, 0.0
    ends = path.vertices.double()
    for where in torch.linspace(0, 1, points, dtype=torch.float64).split(256):
        x = torch.lerp(ends[:1], ends[1:], where.reshape(-1, *(1,) * (ends.ndim - 1)))
        loss, there = landscape.evaluate(x, target.expand(len(x)), validated=True)
        highest = max(highest, float(loss.max()))
        apart = max(apart, float((between(t, logits.double(), where) - there).abs().max()))
    print(
        f"    scan of {points:,} points in float64: highest {highest:.8g}, above the exact maximum by "
        f"{(highest - max_loss) / max_loss:.2g} of it; logits differ by at most {apart:.2g}"
    )


def samples(name: str, count: int) -> None:
    landscape = Landscape(network_of(name))
    a, c, target = pairs_of(name, landscape, count)
    began = time.perf_counter()
    exact = [
        exact_profile(landscape, Polyline(torch.stack([one, other])), int(y))
        for one, other, y in zip(a, c, target, strict=True)
    ]
    seconds = time.perf_counter() - began
    pieces = np.array([sum(each.pieces) for each in exact])
    print(
        f"\n{name}: {len(a)} pairs of one class, direct paths, {np.median(pieces):.0f} pieces in the median "
        f"({pieces.min()} to {pieces.max()}), {seconds / len(a):.2f} s a pair"
    )
    highest = np.array([each.max_loss for each in exact])
    thresholds = np.array([SLACK + float(max(each.loss[0], each.loss[-1])) for each in exact])
    print(
        "| sampling | points | too low by: median | 95 % | most | by more than 0.001 | called connected, but is not |"
    )
    print("|---|---|---|---|---|---|---|")
    for label, sampling in SAMPLINGS.items():
        ends = [torch.stack([one, other]) for one, other in zip(a, c, strict=True)]
        found = profile_many(landscape, ends, target, sampling=sampling)
        seen = np.array([each.max_loss for each in found])
        low = highest - seen
        wrong = (seen <= thresholds) & (highest > thresholds)
        print(
            f"| {label} | {np.mean([len(each) for each in found]):.0f} | {np.median(low):.2g} | "
            f"{np.quantile(low, 0.95):.2g} | {low.max():.2g} | {100 * np.mean(low > 0.001):.1f} % | "
            f"{wrong.sum()} of {(seen <= thresholds).sum()} |"
        )


if __name__ == "__main__":
    main()
