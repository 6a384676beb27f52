"""Certificates: what they cost, and how many connected pairs they hold for.

    python -m benchmarks.certificates [NAME ...] [--pairs 100] [--order P]

Names: gelu-cnn, sigmoid-cnn, mlp-8x64, mlp-8x512, mlp-16x256, vit-1, vit-2, vit-4, vit-6, vit-12, relu-mnist,
relu-cifar. The smooth networks are trained here; the ReLU networks are those of the assets, for which affine pieces are
counted too. A forward-equivalent is one coefficient, or the remainder, of one interval; what it takes in seconds stands
beside it, as a multiple of a plain forward pass in float64 in a batch.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch

from benchmarks import assets, smooth
from isthmus import AffinePieces, Landscape, Network, TaylorModels, connect
from isthmus.errors import NetworkError

SETTINGS: dict[str, Callable[[int], tuple[Network, smooth.Pairs]]] = {
    "gelu-cnn": lambda count: smooth.smooth_cnn("gelu", count),
    "sigmoid-cnn": lambda count: smooth.smooth_cnn("sigmoid", count),
    "mlp-8x64": lambda count: smooth.gelu_mlp(8, 64, count),
    "mlp-8x512": lambda count: smooth.gelu_mlp(8, 512, count),
    "mlp-16x256": lambda count: smooth.gelu_mlp(16, 256, count),
    **{f"vit-{blocks}": lambda count, blocks=blocks: smooth.vit(blocks, count) for blocks in (1, 2, 4, 6, 12)},
    "relu-mnist": lambda count: _of(assets.mnist_network(), assets.mnist_pairs, count),
    "relu-cifar": lambda count: _of(assets.robust_network(), assets.cifar_pairs, count),
}


def _of(network: Network, draw: Callable[[Landscape, int], smooth.Pairs], count: int) -> tuple[Network, smooth.Pairs]:
    return network, draw(Landscape(network), count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(SETTINGS))
    parser.add_argument("--pairs", type=int, default=100)
    parser.add_argument("--order", type=int)
    options = parser.parse_args()
    print(f"{torch.get_num_threads()} threads, PyTorch {torch.__version__}")
    print("| network | connected | certified | intervals | forward-equivalents: median, 95 % | seconds | one costs |")
    print("|---|---|---|---|---|---|---|", flush=True)
    for name in options.names:
        network, pairs = SETTINGS[name](options.pairs)
        measure(network, pairs, options.order, pieces=name.startswith("relu"))


def measure(network: Network, pairs: smooth.Pairs, order: int | None, *, pieces: bool) -> None:
    landscape = Landscape(network)
    found = [pair for pair in connect(landscape, *pairs) if pair.connected]
    plain = seconds_of_a_pass(network, pairs[0])
    held, parts, costs, took = 0, [], [], []
    for pair in found:
        before, began = landscape.forward_equivalents, time.perf_counter()
        try:
            shown = TaylorModels(order=order).certify(landscape, pair.path, pair.profile, pair.threshold).certificate
        except NetworkError as error:
            print(f"  {error}")
            continue
        took.append(time.perf_counter() - began)
        costs.append(landscape.forward_equivalents - before)
        parts.append(shown.parts)
        held += shown.holds
    one = statistics.median(second / cost for second, cost in zip(took, costs, strict=True)) / plain
    print(
        f"| {network.name} | {len(found)} of {len(pairs[2])} | {held} ({held / len(found):.0%}) "
        f"| {statistics.median(parts):g} | {statistics.median(costs):g}, {quantile(costs):g} "
        f"| {statistics.median(took):.2f} | {one:.1f} plain |",
        flush=True,
    )
    if pieces:
        few = found[:10]
        counted = [AffinePieces().certify(landscape, p.path, p.profile, p.threshold).certificate.parts for p in few]
        print(f"| the same, affine pieces of {len(few)} pairs | | | {statistics.median(counted):g} | | | |", flush=True)


def quantile(values: list[int]) -> float:
    return float(torch.tensor(values, dtype=torch.float64).quantile(0.95))


def seconds_of_a_pass(network: Network, x: torch.Tensor) -> float:
    """Of one input in a batch of 32, in float64."""
    with network.fixed():
        wide = network.in_precision(torch.float64, x[0])
        batch = x[:32].double()
        times = []
        with torch.no_grad():
            for _ in range(9):
                began = time.perf_counter()
                wide.logits(batch)
                times.append(time.perf_counter() - began)
    return statistics.median(times) / len(batch)


if __name__ == "__main__":
    main()
