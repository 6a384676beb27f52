"""Proven surfaces: of how many filled quadrilaterals every point is proven to be low, and at what cost.

    python -m benchmarks.proofs [NAME ...] [--loops N] [--dense 4000]

Names: digits, mlp, vit, vit2, vit4, mnist, sigmoid, gelu, robust.

The smooth networks are trained by the benchmark, on digits and CIFAR-10. Dense points are drawn evenly at random from
each surface: none may have a loss above the bound that was proven.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch
from torch import Tensor

from benchmarks import smooth
from benchmarks.surfaces import inputs, network, quadrilaterals
from isthmus import Landscape, TaylorModels, fill

TRAINED = {
    "mlp": lambda: smooth.gelu_mlp(8, 64, 1)[0],
    "vit": lambda: smooth.vit(1, 1)[0],
    "vit2": lambda: smooth.vit(2, 1)[0],
    "vit4": lambda: smooth.vit(4, 1)[0],
    "sigmoid": lambda: smooth.smooth_cnn("sigmoid", 1)[0],
    "gelu": lambda: smooth.smooth_cnn("gelu", 1)[0],
}
PARTS = ("digits", "mlp", "vit", "mnist", "sigmoid", "gelu", "robust")


def recognised(part: str, landscape: Landscape) -> tuple[Tensor, Tensor]:
    """Held-out inputs that the network recognises, and their classes."""
    if part not in TRAINED:
        return inputs(part, landscape)
    x, target = (smooth.digits() if part in ("mlp", "vit", "vit2", "vit4") else smooth.cifar())[2:]
    known = landscape.logits(x).argmax(1) == target
    return x[known], target[known]


def measure(part: str, loops: int, dense: int) -> None:
    made = TRAINED[part]() if part in TRAINED else network(part)
    landscape = Landscape(made)
    corners, target = quadrilaterals(*recognised(part, landscape), loops)
    plain = fill(landscape, corners, target)
    began = time.perf_counter()
    found = fill(landscape, corners, target, verify=TaylorModels())
    seconds = (time.perf_counter() - began) / len(found)
    over, room = [], []
    for number, each in enumerate(found):
        u, v = torch.rand(2, dense, generator=torch.Generator().manual_seed(number), dtype=torch.float64)
        highest = float(landscape.loss(each.surface.at(u, v), torch.full((dense,), each.target)).max())
        if each.proven:
            over.append(highest - each.certificate.bound)
            room.append(each.threshold - highest)
    cost = np.array(
        [one.forward_equivalents - other.forward_equivalents for one, other in zip(found, plain, strict=True)]
    )
    parts = [each.certificate.parts for each in found if each.certificate is not None]
    left = [each.certificate.covers for each in found if each.filled and not each.proven]
    print(
        f"| {made.name} | {len(found)} | {sum(each.filled for each in found)} "
        f"({sum(each.surface.flat and each.filled for each in found)}) | {sum(each.proven for each in found)} | "
        f"{np.median(parts):,.0f} | {np.median(cost):,.0f} ({np.quantile(cost, 0.95):,.0f}) | {seconds:.1f} | "
        f"{max(over, default=float('nan')):+.1g} | {np.median(room):.2g} | {[round(each, 4) for each in left]} |",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=PARTS)
    parser.add_argument("--loops", type=int, default=20)
    parser.add_argument("--dense", type=int, default=4000)
    options = parser.parse_args()
    print(
        "| network | loops | filled (plain) | proven | cells, median | cost of the proof: median (95 %) | s a loop | "
        "dense points above the bound by | room below the threshold | share proven of others |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|", flush=True)
    for part in options.parts:
        measure(part, options.loops, options.dense)


if __name__ == "__main__":
    main()
