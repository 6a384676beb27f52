"""Real networks and images: where they are, and how pairs are drawn from them."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from isthmus import Landscape, Network, Preprocessing, load_images, load_network
from isthmus.inputs.pairs import pairs_within

CLASSES = (0, 155, 159, 162, 167, 182, 193, 207, 217, 229, 258, 273, 482, 491, 497, 566, 569, 571, 574, 701)


def folder() -> Path | None:
    """The assets: the folder named by ISTHMUS_ASSETS, or ../shared/assets; None where there is none."""
    named = os.environ.get("ISTHMUS_ASSETS")
    place = Path(named) if named else Path(__file__).parents[2] / "shared" / "assets"
    return place if (place / "models").is_dir() else None


def need() -> Path:
    """The assets, or an exit that says what is missing."""
    place = folder()
    if place is None:
        raise SystemExit(
            "The benchmark assets are absent; name their folder in ISTHMUS_ASSETS (see docs/benchmarks.md)."
        )
    return place


def cifar_network(name: str = "cifar10_resnet20_jpeg") -> Network:
    factory = "cifar_resnet56" if "56" in name else "cifar_resnet20"
    return load_network(f"py:benchmarks.networks:{factory}", weights=need() / "models" / f"{name}.npz")


def robust_network() -> Network:
    """A small CNN for CIFAR-10, trained for robustness."""
    return load_network("py:benchmarks.networks:cifar_cnn", weights=need() / "models" / "cifar10_cnn_robust.npz")


def mnist_network() -> Network:
    """A small CNN for MNIST, trained for robustness."""
    return load_network("py:benchmarks.networks:mnist_cnn", weights=need() / "models" / "mnist_cnn_robust.npz")


def imagenet_network(name: str = "resnet18") -> Network:
    return load_network(f"torchvision:{name}", weights=need() / "models" / f"imagenet_{name}.npz")


def cifar_pairs(landscape: Landscape, count: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Random pairs of correctly classified test images of one class."""
    images = load_images(need() / "cifar10" / "test", preprocessing=Preprocessing(size=(32, 32)))
    names = sorted(set(images.folders))
    target = torch.tensor([names.index(name) for name in images.folders])
    return _correct_pairs(landscape, images.x, target, count, seed)


def mnist_pairs(landscape: Landscape, count: int, seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """The same of MNIST."""
    with np.load(need() / "mnist" / "mnist_subset.npz") as file:
        x, target = torch.from_numpy(file["test_x"]).float()[:, None] / 255, torch.from_numpy(file["test_y"]).long()
    return _correct_pairs(landscape, x, target, count, seed)


def _correct_pairs(
    landscape: Landscape, x: Tensor, target: Tensor, count: int, seed: int
) -> tuple[Tensor, Tensor, Tensor]:
    loss, logits = landscape.evaluate(x, target)
    groups = torch.where(logits.argmax(1) == target, target, -1).tolist()
    index = pairs_within(groups, loss, per_group=-(-count // len(target.unique())), seed=seed)
    random = torch.Generator().manual_seed(seed)
    index = index[torch.randperm(len(index), generator=random)[:count]]
    return x[index[:, 0]], x[index[:, 1]], target[index[:, 0]]


def imagenet_pairs(
    landscape: Landscape, per_class: int, lowest: int = 10, seed: int = 0
) -> tuple[Tensor, Tensor, Tensor]:
    """Random pairs among the so many images of lowest loss of each class."""
    images = load_images(need() / "imagenet20", preprocessing=Preprocessing(size=(224, 224)))
    names = sorted(set(images.folders))
    target = torch.tensor([CLASSES[names.index(name)] for name in images.folders])
    loss = landscape.loss(images.x, target)
    index = pairs_within(target.tolist(), loss, per_group=per_class, lowest=lowest, seed=seed)
    return images.x[index[:, 0]], images.x[index[:, 1]], target[index[:, 0]]
