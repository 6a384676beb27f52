"""Whether an accelerator gives the results of the CPU, how fast it is, and how often it is made to wait.

    python -m benchmarks.accelerator [--device cuda|cpu|card] [--minutes 8] [--out accelerator.json]
        [--parts equal counts connect exact memory batches]

`card` is the stand-in of `isthmus.testing.stand_in`, for machines without an accelerator: it is not fast, and shows
what mixes devices, and what makes one wait. What needs more time than is left is left out, and said so. Everything goes
into one JSON, which is written again after every part.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

import isthmus
from benchmarks import assets
from isthmus import BarrierBypass, Landscape, Network, Polyline, connect
from isthmus.making import PGD, TargetedAdam
from isthmus.testing import stand_in

NEAR = 1e-4  # of results on two devices
PUBLISHED = 5072  # forward-equivalents of a pair
Done = dict[str, Any]


class Bench:
    """Where the work is done, and how much time is left for it."""

    def __init__(self, device: str, minutes: float) -> None:
        self.device, self.ends = device, time.monotonic() + 60 * minutes
        self.fast = device not in ("cpu", stand_in.NAME)

    @property
    def left(self) -> float:
        """Seconds."""
        return self.ends - time.monotonic()

    def put(self, network: Network) -> Network:
        """The network, on the device from now on."""
        if self.device == stand_in.NAME:
            stand_in.put(network.model)
        else:
            network.model.to(self.device)
        return network

    def timed(self, call: Callable[[], Any]) -> tuple[Any, float]:
        """What a call gives, and the seconds until the device was done."""
        began = time.perf_counter()
        made = call()
        if self.device.startswith("cuda"):
            torch.cuda.synchronize()
        return made, time.perf_counter() - began


def digits() -> tuple[Tensor, Tensor, Tensor]:
    """Pairs of eights, and of other digits."""
    from sklearn.datasets import load_digits

    data = load_digits()
    x, y = torch.tensor(data.images).float()[:, None] / 16, torch.tensor(data.target)
    parts = [x[y == digit][:40] for digit in range(10)]
    return (
        torch.cat([part[:20] for part in parts]),
        torch.cat([part[20:] for part in parts]),
        torch.arange(10).repeat_interleave(20),
    )


def methods(repeats: int, every: int = 1) -> dict[str, Callable[[Landscape], Mapping[str, Tensor]]]:
    """What is done with pairs of digits, each so often, and the numbers that come out of it."""
    a, c, target = (part[::every].repeat(repeats, *[1] * (part.ndim - 1)) for part in digits())
    ends = Landscape(isthmus.load_network("digits"))
    low = torch.maximum(ends.loss(a, target), ends.loss(c, target)).double() + 1e-4  # many are to be bypassed
    other = (target + 1) % 10

    def connected(**how: Any) -> Callable[[Landscape], Mapping[str, Tensor]]:
        def call(landscape: Landscape) -> Mapping[str, Tensor]:
            found = connect(landscape, a, c, target, **how)
            return {
                "max loss": torch.tensor([pair.profile.max_loss for pair in found]),
                "length": torch.tensor([pair.path.length_ratio for pair in found]),
                "outcome": torch.tensor([pair.connected for pair in found]).float(),
            }

        return call

    def attacked(method: Any, aim: Tensor) -> Callable[[Landscape], Mapping[str, Tensor]]:
        def call(landscape: Landscape) -> Mapping[str, Tensor]:
            found = isthmus.attack(landscape, a, aim, method=method)
            return {"loss": found.loss, "x": found.x, "success": found.success.float()}

        return call

    def exact(landscape: Landscape) -> Mapping[str, Tensor]:
        found = isthmus.exact_profile(landscape, Polyline(torch.stack([a[0], c[0]])), int(target[0]))
        return {"max loss": torch.tensor(found.max_loss), "pieces": torch.tensor(float(sum(found.pieces)))}

    return {
        "gradient": lambda landscape: landscape.gradient(a, target)._asdict(),
        "connect": connected(),
        "connect, bypasses": connected(threshold=low),
        "connect, string": connected(threshold=low, method=isthmus.StringMethod()),
        "connect, curve": connected(threshold=low, method=isthmus.BezierCurve()),
        "connect, pieces": connected(verify=isthmus.AffinePieces()),
        "attack, PGD": attacked(PGD(epsilon=0.1), target),
        "attack, Adam": attacked(TargetedAdam(max_steps=64), other),
        "synthesize": lambda landscape: {"loss": isthmus.synthesize(landscape, target).loss},
        "exact profile": exact,
    }


def equal(bench: Bench) -> Done:
    """Results beside those of the CPU."""
    here, there = Landscape(isthmus.load_network("digits")), Landscape(bench.put(isthmus.load_network("digits")))
    made: Done = {}
    for name, call in methods(1, every=10).items():
        mine, its = call(here), call(there)
        apart = {what: _apart(mine[what], its[what].cpu()) for what in mine}
        made[name] = {"largest difference": max(apart.values()), **apart}
    worst = max(each["largest difference"] for each in made.values())
    return {"largest difference": worst, "equal": worst <= NEAR, **made}


def _apart(one: Tensor, other: Tensor) -> float:
    if one.shape != other.shape:
        return math.inf
    return float((one.double() - other.double()).abs().max()) if one.numel() else 0.0


def counts(bench: Bench) -> Done:
    """Transfers and waits; only the stand-in counts them."""
    if bench.device != stand_in.NAME:
        return {"left out": f"only the stand-in counts them: --device {stand_in.NAME}"}
    landscape = Landscape(bench.put(isthmus.load_network("digits")), max_batch=2**16)
    made: Done = {}
    for repeats in (1, 4):
        for name, call in methods(repeats, every=2).items():
            if repeats > 1 and "pieces" in name:
                continue  # a certificate is made path by path
            stand_in.COUNTS.reset()
            call(landscape)
            now = stand_in.COUNTS
            made.setdefault(name, {})[f"{100 * repeats} pairs"] = {
                "to card": now.to_card,
                "to CPU": now.to_cpu,
                "waits": now.waits,
                "total": now.total,
            }
    for steps in (16, 80):
        method = BarrierBypass(max_steps=steps, lr=0.01, goal=None, always=True, rounds=1, scan=16)
        a, c, target = digits()
        stand_in.COUNTS.reset()
        connect(landscape, a, c, target, method=method)
        made.setdefault("Adam's steps", {})[f"{steps} steps"] = stand_in.COUNTS.total
    few, many = made["Adam's steps"].values()
    made["Adam's steps"]["a step"] = (many - few) / 64
    return made


def connecting(bench: Bench) -> Done:
    """Pairs a minute on real networks, beside the published procedure in the same run."""
    if assets.folder() is None:
        return {"left out": "the benchmark assets are absent; name their folder in ISTHMUS_ASSETS"}
    made: Done = {}
    for name in ("cifar_resnet20", "cifar_cnn_robust", "imagenet_resnet18"):
        if bench.left < 45:
            made[name] = {"left out": "no time left"}
            continue
        if name == "imagenet_resnet18":
            network = bench.put(assets.imagenet_network())
            pairs = assets.imagenet_pairs(Landscape(network), 10 if bench.fast else 1)
        else:
            network = bench.put(assets.cifar_network() if "resnet" in name else assets.robust_network())
            pairs = assets.cifar_pairs(Landscape(network), 4000 if bench.fast else 32)
        a, c, target = pairs
        connect(Landscape(network), a[:8], c[:8], target[:8])  # warm-up
        found, seconds = bench.timed(lambda: connect(Landscape(network), a, c, target))  # noqa: B023 (called at once)
        rate = 60 * len(found) / seconds
        made[name] = {
            "pairs": len(found),
            "connected": sum(pair.connected for pair in found),
            "forward-equivalents a pair, median": statistics.median(pair.forward_equivalents for pair in found),
            "seconds": seconds,
            "pairs a minute": rate,
        }
        _say(f"connect, {name}", made[name])
        wanted = PUBLISHED * seconds / sum(pair.forward_equivalents for pair in found)
        if wanted > bench.left / 3:
            made[name]["published procedure"] = {"left out": f"one pair would take some {wanted:.0f} s"}
            continue
        paper, paper_seconds = bench.timed(
            lambda: connect(Landscape(network), a[:1], c[:1], target[:1], method=BarrierBypass.paper())  # noqa: B023
        )
        its = 60 * len(paper) / paper_seconds
        made[name] |= {"published procedure, pairs a minute": its, "times as many": rate / its}
    return made


def exact(bench: Bench) -> Done:
    """Exact profiles of ResNet-20 and of a stretch of ResNet-18."""
    if assets.folder() is None:
        return {"left out": "the benchmark assets are absent; name their folder in ISTHMUS_ASSETS"}
    made: Done = {}
    for name, share in (
        ("cifar_resnet20", 1.0 if bench.fast else 0.02),
        ("imagenet_resnet18", 0.01 if bench.fast else 0.0002),
    ):
        if bench.left < (30 if bench.fast else 120):
            made[name] = {"left out": "no time left"}
            continue
        if name == "cifar_resnet20":
            network = bench.put(assets.cifar_network())
            a, c, target = assets.cifar_pairs(Landscape(network), 8)
        else:
            network = bench.put(assets.imagenet_network())
            a, c, target = assets.imagenet_pairs(Landscape(network), 1)
        path = Polyline(torch.stack([a[0], torch.lerp(a[0], c[0], share)]))
        found, seconds = bench.timed(
            lambda: isthmus.exact_profile(Landscape(network), path, int(target[0]))  # noqa: B023
        )
        made[name] = {"share of the path": share, "pieces": sum(found.pieces), "seconds": seconds}
        made[name]["largest difference to the network"] = found.difference
    return made


def memory(bench: Bench) -> Done:
    """Whether a batch that does not fit is halved until it does, on the real allocator."""
    if not bench.device.startswith("cuda"):
        return {"left out": f"{bench.device} has no memory of its own that could be made small"}
    network = bench.put(assets.cifar_network() if assets.folder() else isthmus.load_network("digits"))
    shape = network.input_shape or (1, 8, 8)
    x, target = torch.rand(16384, *shape), torch.zeros(16384, dtype=torch.long)
    small = Landscape(network, max_batch=256).gradient(x, target)
    torch.cuda.empty_cache()
    free, total = torch.cuda.mem_get_info()
    share = (total - free + 2**30) / total  # one GiB
    torch.cuda.set_per_process_memory_fraction(min(1.0, share))
    try:
        landscape = Landscape(network)
        landscape.start_with(16384)
        large = landscape.gradient(x, target)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    apart = max(_apart(one.cpu(), other.cpu()) for one, other in zip(small, large, strict=True))
    return {"started with": 16384, "ended with": landscape.batch_size, "largest difference": apart}


def batches(bench: Bench) -> Done:
    """Images a second, forward and with gradients, by the size of batches, upwards until that no longer pays."""
    network = bench.put(assets.cifar_network() if assets.folder() else isthmus.load_network("digits"))
    shape = network.input_shape or (1, 8, 8)
    made: Done = {}
    best, size = 0.0, 16
    while bench.left > 20 and size <= (65536 if bench.fast else 512):
        x = torch.rand(size, *shape)
        target = torch.zeros(size, dtype=torch.long)
        landscape = Landscape(network, max_batch=size)
        x, target = landscape.prepare(x), target.to(landscape.device)
        try:
            rates = {
                what: _rate(bench, size, lambda: call(x, target, validated=True))  # noqa: B023
                for what, call in (("forward", landscape.evaluate), ("gradient", landscape.gradient))
            }
        except (torch.OutOfMemoryError, isthmus.errors.OutOfMemoryError):
            made[str(size)] = "out of memory"
            break
        made[str(size)] = rates
        if rates["gradient"] < 0.8 * best:
            break
        best = max(best, rates["gradient"])
        size *= 2
    return {"images a second by batch": made, "automatic": Landscape(network).batch_size_for(torch.zeros(shape))}


def _rate(bench: Bench, size: int, call: Callable[[], Any]) -> float:
    call()
    seconds = min(bench.timed(call)[1] for _ in range(3))
    return size / seconds


PARTS: dict[str, Callable[[Bench], Done]] = {
    "equal": equal,
    "counts": counts,
    "connect": connecting,
    "exact": exact,
    "memory": memory,
    "batches": batches,
}


def _say(name: str, done: object) -> None:
    print(f"== {name}\n{json.dumps(done, indent=2)}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--minutes", type=float, default=8.0)
    parser.add_argument("--out", type=Path, default=Path("accelerator.json"))
    parser.add_argument("--parts", nargs="*", choices=PARTS, default=list(PARTS))
    options = parser.parse_args()
    bench = Bench(options.device, options.minutes)
    name = torch.cuda.get_device_name() if options.device.startswith("cuda") else platform.processor() or "CPU"
    done: Done = {
        "device": options.device,
        "name": "stand-in" if options.device == stand_in.NAME else name,
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "python": platform.python_version(),
        "isthmus": isthmus.__version__,
    }
    with stand_in.accelerator() if options.device == stand_in.NAME else nullcontext():
        for part in options.parts:
            if bench.left < 5:
                done[part] = {"left out": "no time left"}
            else:
                began = time.monotonic()
                done[part] = PARTS[part](bench)
                done[part]["seconds in all"] = round(time.monotonic() - began, 2)
            _say(part, done[part])
            options.out.write_text(json.dumps(done, indent=2) + "\n")
    print(f"written: {options.out}")
    if not done.get("equal", {}).get("equal", True):
        sys.exit("Results differ from those of the CPU.")


if __name__ == "__main__":
    main()
