"""Small classifiers of different kinds, most of 8 x 8 handwritten digits: they train in seconds.

Each is a factory for a `py:` spec: `py:isthmus.networks.small:vit`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from isthmus.networks import digits
from isthmus.networks.network import Network
from isthmus.networks.recipe import Recipe


def mlp() -> Network:
    """Three layers, fully connected."""
    return _network(
        nn.Sequential(nn.Flatten(), nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 64), nn.ReLU(), nn.Linear(64, 10))
    )


def sized_mlp(width: int, depth: int) -> Network:
    """Fully connected, with `depth` hidden layers of `width` units."""
    layers: list[nn.Module] = [nn.Flatten()]
    for number in range(depth):
        layers += [nn.Linear(width if number else 64, width), nn.ReLU()]
    return _network(nn.Sequential(*layers, nn.Linear(width, 10)))


def cnn() -> Network:
    """The architecture of the embedded network."""
    return _network(digits.build())


def resnet() -> Network:
    """Three residual blocks with batch norm (He et al. 2016)."""
    return _network(_residual(1, 16))


def resnet16() -> Network:
    """The same with nine blocks for colour images of 16 x 16 pixels: deep enough, and of enough dimensions, that inputs
    of low loss can be made for it without any training.
    """
    return Network(_residual(3, 16, depth=3).eval(), mean=[0.5] * 3, std=[0.25] * 3, input_shape=(3, 16, 16))


def vit() -> Network:
    """Sixteen patches of 2 x 2 pixels, two layers of attention with four heads (Dosovitskiy et al. 2021)."""
    return _network(Attention())


SMALL: Mapping[str, Callable[[], Network]] = {"mlp": mlp, "cnn": cnn, "resnet": resnet, "vit": vit}


def _residual(channels: int, width: int, depth: int = 1) -> nn.Module:
    blocks: list[nn.Module] = []
    inside = width
    for outside, stride in ((width, 1), (2 * width, 2), (2 * width, 1)):
        blocks += [
            Block(inside if first == 0 else outside, outside, stride if first == 0 else 1) for first in range(depth)
        ]
        inside = outside
    model = nn.Sequential(
        nn.Conv2d(channels, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        *blocks,
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(2 * width, 10),
    )
    for part in model.modules():
        if isinstance(part, nn.Conv2d):  # the first weights of He et al. (2015), which keep the scale of signals
            nn.init.kaiming_normal_(part.weight, mode="fan_out", nonlinearity="relu")
    return model


class Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inside, outside, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outside),
            nn.ReLU(),
            nn.Conv2d(outside, outside, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outside),
        )
        plain = stride == 1 and inside == outside
        self.shortcut: nn.Module = nn.Identity() if plain else nn.Conv2d(inside, outside, 1, stride, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """X and what the body adds to it."""
        return torch.relu(self.body(x) + self.shortcut(x))


class Attention(nn.Module):
    """A vision transformer that averages its tokens."""

    def __init__(self, width: int = 48, layers: int = 2) -> None:
        super().__init__()
        self.patches = nn.Conv2d(1, width, 2, stride=2)
        self.places = nn.Parameter(0.02 * torch.randn(1, 16, width))
        layer = nn.TransformerEncoderLayer(width, 4, 2 * width, 0.0, "gelu", batch_first=True, norm_first=True)
        self.body = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, 10))

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        tokens = self.patches(x).flatten(2).transpose(1, 2) + self.places
        logits: Tensor = self.head(self.body(tokens).mean(1))
        return logits


def _network(model: nn.Module) -> Network:
    recipe: Recipe = digits.recipe(pretrained=False)
    return Network(
        model.eval(),
        mean=recipe.mean,
        std=recipe.std,
        input_shape=recipe.input_shape,
        class_names=recipe.class_names,
        preprocessing=recipe.preprocessing,
    )
