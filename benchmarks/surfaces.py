"""Filled surfaces: how many quadrilaterals of one class are filled, at what cost, and what dense points say of them.

    python -m benchmarks.surfaces [cifar] [robust] [digits] [mnist] [imagenet] [squeezenet] [--loops N] [--dense 4000]
    python -m benchmarks.surfaces controls [--loops N]

Dense points are drawn evenly at random from each surface, and share nothing with those that the method chose.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor

from benchmarks import assets
from benchmarks.networks import cifar_resnet20
from isthmus import AdaptiveMesh, Landscape, Network, Preprocessing, fill, load_images, load_network
from isthmus.surfaces import Fillings
from isthmus.testing import Annulus, Disconnected

FOLDERS = {"cifar": "cifar10/test", "robust": "cifar10/test", "untrained": "cifar10/test", "imagenet": "imagenet20"}


def inputs(part: str, landscape: Landscape) -> tuple[Tensor, Tensor]:
    """Inputs that the network recognises, and their classes."""
    if part == "digits":
        data = load_digits()
        x, target = torch.tensor(data.images).float()[::5, None] / 16, torch.tensor(data.target)[::5]
    elif part == "mnist":
        stored = np.load(assets.need() / "mnist" / "mnist_subset.npz")
        x, target = torch.from_numpy(stored["test_x"]).float()[:, None] / 255, torch.from_numpy(stored["test_y"]).long()
    elif part in ("imagenet", "squeezenet"):
        images = load_images(assets.need() / "imagenet20", preprocessing=landscape.network.preprocessing)
        names = sorted(set(images.folders))
        x, target = images.x, torch.tensor([assets.CLASSES[names.index(name)] for name in images.folders])
    else:
        images = load_images(assets.need() / FOLDERS[part], preprocessing=Preprocessing(size=(32, 32)))
        names = sorted(set(images.folders))
        x, target = images.x, torch.tensor([names.index(name) for name in images.folders])
    logits = landscape.logits(x)
    known = logits.argmax(1).cpu() == target
    return (x, logits.argmax(1).cpu()) if part == "untrained" else (x[known], target[known])


def quadrilaterals(x: Tensor, target: Tensor, count: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """So many random sets of four different inputs of one class, of the classes in turn."""
    random = torch.Generator().manual_seed(seed)
    groups = [(target == index).nonzero()[:, 0] for index in torch.unique(target).tolist()]
    groups = [group for group in groups if len(group) >= 4]
    rows = torch.stack(
        [
            group[torch.randperm(len(group), generator=random)[:4]]
            for group in (groups[k % len(groups)] for k in range(count))
        ]
    )
    return x[rows], target[rows[:, 0]]


def network(part: str) -> Network:
    makers = {
        "cifar": assets.cifar_network,
        "robust": assets.robust_network,
        "mnist": assets.mnist_network,
        "imagenet": assets.imagenet_network,
        "squeezenet": lambda: assets.imagenet_network("squeezenet1_0"),
        "digits": lambda: load_network("digits"),
        "untrained": cifar_resnet20,
    }
    return makers[part]()


def measure(
    name: str, landscape: Landscape, corners: Tensor, target: Tensor, dense: int, threshold: float | None
) -> None:
    landscape.forward_equivalents = 0
    began = time.perf_counter()
    found: Fillings = fill(landscape, corners, target, threshold=threshold)
    seconds = (time.perf_counter() - began) / len(found)
    above, highest = [], []
    for number, each in enumerate(found):
        random = torch.Generator().manual_seed(1000 + number)
        u, v = torch.rand(2, dense, generator=random, dtype=torch.float64)
        loss = torch.cat(
            [
                landscape.loss(each.surface.at(a, b), torch.full((len(a),), each.target)).cpu()
                for a, b in zip(u.split(256), v.split(256), strict=True)
            ]
        )
        above.append(float((loss > each.threshold).double().mean()))
        highest.append(float(loss.max()) - each.threshold)
    cost = np.array([each.forward_equivalents for each in found])
    solved = np.array([each.filled for each in found])
    worst = max((over for over, ok in zip(highest, solved, strict=True) if ok), default=float("nan"))
    wrong = sum(share > 0 for share, ok in zip(above, solved, strict=True) if ok)
    print(
        f"| {name} | {len(found)} | {sum(each.surface.flat and each.filled for each in found)} | {solved.sum()} | "
        f"{np.mean([each.flat_above for each in found]):.0%} | {np.median(cost):,.0f} | "
        f"{np.quantile(cost, 0.95):,.0f} | "
        f"{seconds:.1f} | {wrong} | {worst:+.3f} | {sum(each.class_kept for each in found)} | "
        f"{sum(each.eight_bits > each.threshold for each in found)} |",
        flush=True,
    )
    print("   ", dict(Counter(each.outcome.name.lower() for each in found)), flush=True)
    for number in [number for number, each in enumerate(found) if not each.filled][:3]:
        print(f"    {number}: {found[number]} peak at {found[number].peak}", flush=True)


def controls(loops: int, dense: int) -> None:
    """What must not be filled, or shows what filling is worth."""
    cifar = Landscape(assets.cifar_network())
    x, target = inputs("cifar", cifar)
    corners, aims = quadrilaterals(x, target, loops)
    others, _ = quadrilaterals(x, target, loops + 1, seed=1)
    mixed = corners.clone()
    mixed[:, 3] = others[1:, 3]  # the class of the next loop
    measure("two classes, threshold 0.5", cifar, mixed, aims, dense, 0.5)
    random = torch.Generator().manual_seed(2)
    noise = torch.rand(corners.shape, generator=random)
    measure("noise, its own class", cifar, noise, cifar.logits(noise[:, 0]).argmax(1).cpu(), dense, None)
    torch.manual_seed(0)
    untrained = Landscape(network("untrained"))
    measure("untrained", untrained, *quadrilaterals(*inputs("untrained", untrained), loops), dense, None)
    for dimensions in (2, 3, 50):
        ring = Annulus(dimensions)
        found = fill(ring, torch.stack([ring.around, ring.beside]), 0, threshold=0.5)
        around, beside = (each.outcome.name.lower() for each in found)
        print(f"    a hole in {dimensions} dimensions: {around}; beside it: {beside}")
    apart = Disconnected(20)
    two = torch.zeros(1, 4, 20, dtype=torch.float64)
    two[0, :, 0], two[0, 2:, 1] = torch.tensor([-1.0, 1.0, -1.0, 1.0]), 1.0
    print(f"    two basins apart: {fill(apart, two, 0)[0]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=["cifar", "robust", "digits"])
    parser.add_argument("--loops", type=int, default=100)
    parser.add_argument("--dense", type=int, default=4000)
    parser.add_argument("--finest", type=int, default=AdaptiveMesh().finest)
    options = parser.parse_args()
    print(
        "| network | loops | flat | filled | flat above | cost (median) | (95 %) | s a loop | filled, with a dense "
        "point above | by at most | class kept | above in 8 bits |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|", flush=True)
    for part in options.parts:
        if part == "controls":
            controls(options.loops, options.dense)
            continue
        landscape = Landscape(network(part))
        corners, target = quadrilaterals(*inputs(part, landscape), options.loops)
        measure(part, landscape, corners, target, options.dense, None)


if __name__ == "__main__":
    main()
