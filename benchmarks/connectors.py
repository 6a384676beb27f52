"""All methods that connect on the same pairs: at their own settings, and at equal budgets.

    python -m benchmarks.connectors [cifar] [robust] [imagenet] [--pairs N] [--budgets 50 200 2000] [--dense 2001]
    python -m benchmarks.connectors [cifar] [robust] [imagenet] [--pairs N] --shorten

Connected is what an even scan finds at or below the threshold, which shares no choice with the methods. A budget is
what a method may spend on steps of a pair that needs a bypass, in forward-equivalents; profiles come on top.
"""

from __future__ import annotations

import argparse
import dataclasses
import statistics
import time

import torch

from benchmarks.connect import SETTINGS
from isthmus import (
    BarrierBypass,
    BezierCurve,
    Connections,
    Landscape,
    LevelSetTraversal,
    NudgedElasticBand,
    Sampling,
    StringMethod,
    connect,
    shorten,
)
from isthmus.connecting.connectors import AnyConnector
from isthmus.profiles import profile_many

OWN: dict[str, AnyConnector] = {
    "BarrierBypass()": BarrierBypass(),
    "BezierCurve()": BezierCurve(),
    "StringMethod()": StringMethod(),
    "NudgedElasticBand()": NudgedElasticBand(),
    "BezierCurve.moco_ea()": BezierCurve.moco_ea(),
    "LevelSetTraversal()": LevelSetTraversal(),
    "BarrierBypass.paper()": BarrierBypass.paper(),
}
DEAR = ("BarrierBypass.paper()",)  # of which few pairs are enough
ALONE = 4  # pairs that are taken one at a time
PEERS = ("BezierCurve.moco_ea()", "LevelSetTraversal()")  # whose programs take one pair at a time


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=["cifar", "robust", "imagenet"])
    parser.add_argument("--pairs", type=int, help="by default 64, and 20 of ImageNet")
    parser.add_argument("--budgets", type=int, nargs="*", default=[50, 200, 2000])
    parser.add_argument("--only-budgets", action="store_true", help="not at their own settings")
    parser.add_argument("--dense", type=int, default=2001, help="points of the scan that judges")
    parser.add_argument("--shorten", action="store_true", help="paths of two methods, and those pulled tight")
    options = parser.parse_args()
    for part in options.parts:
        network, pairs = SETTINGS[part](options.pairs or (20 if part == "imagenet" else 64))
        points = min(options.dense, 501) if part == "imagenet" else options.dense
        print(f"\n== {part}: {network.name}, {len(pairs[2])} pairs, {torch.get_num_threads()} threads")
        print("| method | connected | gap | deviation | length ratio | forward-equivalents | seconds a pair |")
        print("|---|---|---|---|---|---|---|", flush=True)
        connect(Landscape(network), *(each[:4] for each in pairs))  # warm-up
        if options.shorten:
            for name in ("BarrierBypass()", "BezierCurve()"):
                measure(name, OWN[name], Landscape(network), pairs, points)
                measure(f"shorten, {name}", OWN[name], Landscape(network), pairs, points, tight=True)
            continue
        if not options.only_budgets:
            for name, method in OWN.items():
                few = 4 if name in DEAR else None
                measure(name, method, Landscape(network), tuple(each[:few] for each in pairs), points)
            for name in PEERS:
                measure(f"{name}, one at a time", OWN[name], Landscape(network), pairs, points, alone=ALONE)
        for budget in options.budgets:
            print(f"| **steps for {budget} forward-equivalents** | | | | | | |")
            for name, method in OWN.items():
                if name not in DEAR:
                    measure(name, within(method, budget), Landscape(network), pairs, points)


def within(method: AnyConnector, budget: int) -> AnyConnector:
    """The method with as many steps as the budget pays for."""
    price = {
        BarrierBypass: 4,
        BezierCurve: 3 * getattr(method, "points", 0),
        StringMethod: 3 * getattr(method, "images", 0),
        NudgedElasticBand: 3 * getattr(method, "images", 0),
        LevelSetTraversal: 3,
    }[type(method)]
    steps = max(1, budget // price)
    settings = {"max_steps": steps}
    if isinstance(method, LevelSetTraversal):  # as far as its steps must lead
        settings["stride"] = min(1.0, max(method.stride, 1 - 0.02 ** (1 / steps)))  # type: ignore[assignment]
    return dataclasses.replace(method, **settings)  # type: ignore[type-var]


def measure(  # type: ignore[no-untyped-def]
    name: str, method: AnyConnector, landscape: Landscape, pairs, points: int, tight: bool = False, alone: int = 0
) -> None:
    """A row of the table; `alone` connects the first so many pairs one after the other."""
    a, c, target = (each[:alone] if alone else each for each in pairs)
    began = time.perf_counter()
    if alone:
        each = [connect(landscape, *(part[n : n + 1] for part in pairs), method=method)[0] for n in range(len(a))]
        found = Connections(tuple(each), {})
    else:
        found = connect(landscape, a, c, target, method=method)
    if tight:
        found = shorten(landscape, found)
    seconds = (time.perf_counter() - began) / len(a)
    scans = profile_many(landscape, [pair.path for pair in found], target, sampling=Sampling.even(points))
    low = [scan.max_loss <= pair.threshold + 1e-3 for scan, pair in zip(scans, found, strict=True)]
    bent = [(pair, scan) for pair, scan in zip(found, scans, strict=True) if pair.rounds]
    mean, paths = statistics.fmean, [pair.path for pair, _ in bent]
    print(
        f"| `{name}` | {sum(low)}/{len(low)} | {mean(scan.gap for _, scan in bent):.4f} "
        f"| {mean(path.deviation for path in paths):.2%} | {mean(path.length_ratio for path in paths):.4f} "
        f"| {statistics.median(pair.forward_equivalents for pair, _ in bent):.0f} | {seconds:.4f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()
