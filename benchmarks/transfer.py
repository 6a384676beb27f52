"""Do paths carry over from one network to another? Paths found on each of some networks, looked at on all of them.

    python -m benchmarks.transfer [cifar robust cifar10_resnet20 cifar10_resnet56 untrained] [--per-class 20]

Pairs: random, of test images of one class that all trained networks recognise.
"""

from __future__ import annotations

import argparse
import time

import torch

from benchmarks import assets
from benchmarks.networks import cifar_resnet20
from isthmus import Landscape, Network, Preprocessing, compare, connect, load_images
from isthmus.inputs.pairs import pairs_within
from isthmus.reports.comparison_tables import compared, transferred

MAKERS = {
    "cifar": assets.cifar_network,
    "robust": assets.robust_network,
    "untrained": cifar_resnet20,
}


def network(part: str) -> Network:
    return MAKERS[part]() if part in MAKERS else assets.cifar_network(part)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("parts", nargs="*", default=["cifar", "robust"])
    parser.add_argument("--per-class", type=int, default=20)
    options = parser.parse_args()
    images = load_images(assets.need() / "cifar10" / "test", preprocessing=Preprocessing(size=(32, 32)))
    names = sorted(set(images.folders))
    target = torch.tensor([names.index(name) for name in images.folders])
    landscapes = {part: Landscape(network(part)) for part in options.parts}
    known = torch.ones(len(target), dtype=torch.bool)
    for part, landscape in landscapes.items():
        if part != "untrained":
            known &= landscape.logits(images.x).argmax(1) == target
    groups = torch.where(known, target, -1)
    index = pairs_within(groups, torch.zeros(len(target)), per_group=options.per_class)
    a, c, aims = images.x[index[:, 0]], images.x[index[:, 1]], target[index[:, 0]]
    began = time.perf_counter()
    found = compare(
        {part: connect(landscape, a, c, aims) for part, landscape in landscapes.items()}, landscapes=landscapes
    )
    print(f"{found}, {time.perf_counter() - began:.0f} s")
    for headings, rows in (compared(found), transferred(found)):
        print("| " + " | ".join(headings) + " |\n|" + "---|" * len(headings))
        for row in rows:
            print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
