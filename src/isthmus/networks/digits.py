"""The embedded network: a small convolutional classifier of 8 x 8 handwritten digits, trained by
`scripts/train_digits.py` on scikit-learn's digits (Alpaydin and Kaynak 1998).
"""

from __future__ import annotations

from pathlib import Path

from torch import nn

from isthmus.inputs.preprocessing import Preprocessing
from isthmus.networks.recipe import Recipe
from isthmus.networks.weights import fit_weights

WEIGHTS = Path(__file__).parent / "digits.safetensors"
MEAN, STD = 0.305, 0.376  # of the 1797 images, pixels in [0, 1]


def build(classes: int = 10) -> nn.Module:
    """The architecture, with fresh weights: about 24,000 of them, ReLU throughout."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(32, 32, 3, padding=1),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 4 * 4, 16),
        nn.ReLU(),
        nn.Linear(16, classes),
    )


def recipe(name: str = "", pretrained: bool = True, classes: int | None = None) -> Recipe:
    """The embedded network as a recipe."""
    model = build(10 if classes is None else classes)
    if pretrained:
        fit_weights(model, WEIGHTS)
    return Recipe(
        model=model,
        mean=[MEAN],
        std=[STD],
        input_shape=(1, 8, 8),
        class_names=[str(digit) for digit in range(10)] if classes in (None, 10) else None,
        preprocessing=Preprocessing(size=(8, 8), channels=1, source="embedded digits network"),
    )
