"""Smooth networks that are trained in a minute or two, for the benchmark of certificates."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.nn import functional

from benchmarks import assets
from isthmus import Landscape, Network, Preprocessing, load_images

Data = tuple[Tensor, Tensor, Tensor, Tensor]  # x and target to train on, x and target held out
Pairs = tuple[Tensor, Tensor, Tensor]


class Block(nn.Module):
    """Attention and two layers, each after a layer norm, each added to what comes in."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 2 * width), nn.Linear(2 * width, width)
        self.heads = heads

    def forward(self, x: Tensor) -> Tensor:
        count, tokens, width = x.shape
        parts = self.qkv(self.norm1(x)).view(count, tokens, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value).transpose(1, 2)
        x = x + self.out(mixed.reshape(count, tokens, width))
        return x + self.down(functional.gelu(self.up(self.norm2(x))))


class ViT(nn.Module):
    """Of digits: 16 patches of 2 x 2 pixels (Dosovitskiy et al. 2021)."""

    def __init__(self, blocks: int, width: int = 32, heads: int = 4) -> None:
        super().__init__()
        self.embed, self.place = nn.Linear(4, width), nn.Parameter(torch.randn(16, width) * 0.02)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(blocks)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, 10)

    def forward(self, x: Tensor) -> Tensor:
        patches = x.reshape(-1, 4, 2, 4, 2).permute(0, 1, 3, 2, 4).reshape(-1, 16, 4)
        return self.head(self.norm(self.blocks(self.embed(patches) + self.place)).mean(1))


def mlp(depth: int, width: int) -> nn.Module:
    """Layers of GELU."""
    layers: list[nn.Module] = [nn.Flatten()]
    for number in range(depth):
        layers += [nn.Linear(width if number else 64, width), nn.GELU()]
    return nn.Sequential(*layers, nn.Linear(width, 10))


def cnn(kink: Callable[[], nn.Module]) -> nn.Module:
    """Two convolutions and two layers, for CIFAR-10."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 4, 2, 1), kink(), nn.Conv2d(16, 32, 4, 2, 1), kink(), nn.Flatten(), nn.Linear(2048, 100),
        kink(), nn.Linear(100, 10),
    )  # fmt: skip


def train(model: nn.Module, data: Data, epochs: int, lr: float = 1e-3) -> nn.Module:
    """With AdamW, on one thread's worth of patience."""
    x, target = data[:2]
    torch.manual_seed(0)
    for layer in model.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d):
            layer.reset_parameters()
    descent = torch.optim.AdamW(model.parameters(), lr, weight_decay=0.05)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(64):
            descent.zero_grad()
            functional.cross_entropy(model(x[rows]), target[rows]).backward()
            descent.step()
    return model.eval()


def digits() -> Data:
    """Four fifths to train on."""
    found = load_digits()
    x, target = torch.tensor(found.images).float() / 16, torch.tensor(found.target)
    held = torch.arange(len(x)) % 5 == 0
    return x[~held], target[~held], x[held], target[held]


def cifar() -> Data:
    """The training and test images of the assets, each 200 a class."""
    parts = []
    for name in ("train", "test"):
        images = load_images(assets.need() / "cifar10" / name, preprocessing=Preprocessing(size=(32, 32)))
        names = sorted(set(images.folders))
        parts += [images.x, torch.tensor([names.index(folder) for folder in images.folders])]
    return parts[0], parts[1], parts[2], parts[3]


def pairs(network: Network, data: Data, count: int) -> Pairs:
    """Random pairs of recognised held-out inputs of one class."""
    x, target = data[2:]
    with torch.no_grad():
        seen = Landscape(network).logits(x).argmax(1) == target
    random = np.random.default_rng(0)
    chosen = []
    while len(chosen) < count:
        own = (seen & (target == int(random.integers(10)))).nonzero()[:, 0].numpy()
        if len(own) > 1:
            chosen.append(random.choice(own, 2, replace=False))
    index = torch.tensor(np.stack(chosen))
    return x[index[:, 0]], x[index[:, 1]], target[index[:, 0]]


def vit(blocks: int, count: int) -> tuple[Network, Pairs]:
    data = digits()
    torch.manual_seed(0)  # of what is not drawn again below: the places of tokens
    network = Network(train(ViT(blocks), data, 60), input_shape=(8, 8), name=f"digits ViT, {blocks} blocks")
    return network, pairs(network, data, count)


def gelu_mlp(depth: int, width: int, count: int) -> tuple[Network, Pairs]:
    data = digits()
    model = train(mlp(depth, width), data, 30, 5e-4)
    network = Network(model, input_shape=(8, 8), name=f"GELU MLP, {depth} x {width}")
    return network, pairs(network, data, count)


def smooth_cnn(kind: str, count: int) -> tuple[Network, Pairs]:
    data = cifar()
    kink = {"sigmoid": nn.Sigmoid, "gelu": nn.GELU}[kind]
    model = train(cnn(kink), data, 40 if kind == "sigmoid" else 10)
    network = Network(model, mean=0.5, std=0.25, input_shape=(3, 32, 32), name=f"{kind} CNN, CIFAR-10")
    return network, pairs(network, data, count)
