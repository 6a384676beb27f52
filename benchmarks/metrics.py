"""What found paths are in other metrics: length and deviation beside the straight ones, before and after shortening.

    python -m benchmarks.metrics [cifar] [robust] [imagenet] [squeezenet] [--pairs N] [--shorten N]

Medians over the pairs whose direct path is above its threshold; "below 0.98" counts paths that are shorter than the
straight one by more than lengths in features may be wrong. `--shorten` pulls the first so many of these tight in
each metric.
"""

from __future__ import annotations

import argparse
import statistics
import time

from benchmarks.connect import SETTINGS
from isthmus import Connections, Landscape, connect, shorten
from isthmus.metrics import L2, AbstractMetric, Features, Fisher, LInf, PerChannel

LAYERS = {"cifar": "layer3", "robust": "", "imagenet": "avgpool", "squeezenet": "features"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=["cifar", "robust", "imagenet", "squeezenet"])
    parser.add_argument("--pairs", type=int, help="by default 64, and 20 of ImageNet")
    parser.add_argument("--shorten", type=int, default=8)
    options = parser.parse_args()
    for part in options.parts:
        network, pairs = SETTINGS[part](options.pairs or (20 if part in ("imagenet", "squeezenet") else 64))
        landscape = Landscape(network)
        found = connect(landscape, *pairs)
        bent = Connections(tuple(pair for pair in found if pair.connected and pair.moved), found.description)
        print(f"\n== {part}: {network.name}, {len(bent)} bypassed of {len(found)} pairs")
        print("| metric | direct length | length ratio | deviation | below 0.98 | seconds a pair | ratio, shortened |")
        print("|---|---|---|---|---|---|---|", flush=True)
        for metric in (L2(), LInf(), PerChannel(), Features(LAYERS[part]), Fisher()):
            measure(landscape, bent, metric, options.shorten)


def measure(landscape: Landscape, found: Connections, metric: AbstractMetric, count: int) -> None:
    began = time.perf_counter()
    extents = metric.extents(landscape, [pair.path for pair in found])
    seconds = (time.perf_counter() - began) / len(found)
    few = found[:count]
    tight = metric.extents(landscape, [pair.path for pair in shorten(landscape, few, metric=metric)]) if count else []
    median = statistics.median
    print(
        f"| {metric!r} | {median(each.direct_length for each in extents):.4g} "
        f"| {median(each.length_ratio for each in extents):.4f} | {median(each.deviation for each in extents):.2%} "
        f"| {sum(each.length_ratio < 1 - 0.02 for each in extents)} of {len(extents)} | {seconds:.3f} "
        + (
            f"| {median(each.length_ratio for each in extents[:count]):.4f} -> "
            f"{median(each.length_ratio for each in tight):.4f} |"
            if count
            else "| |"
        ),
        flush=True,
    )


if __name__ == "__main__":
    main()
