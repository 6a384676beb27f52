"""Classifiers of scikit-learn as layers that end in logits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from isthmus.errors import NetworkError

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "logistic": nn.Sigmoid,
    "identity": nn.Identity,
}
KNOWN = "MLPClassifier, LogisticRegression, SGDClassifier(loss='log_loss') of two classes, and pipelines of scalers"


class TwoLogits(nn.Module):
    """(-z/2, z/2) of the one output z of a classifier of two classes: their softmax is the sigmoid of z."""

    def forward(self, z: Tensor) -> Tensor:
        """Logits (n, 2) of outputs (n, 1)."""
        return torch.cat([-z / 2, z / 2], 1)


def classifier_layers(model: Any) -> list[nn.Module]:
    """Layers of a fitted classifier.

    Raises:
        NetworkError: it has no logits, or none whose softmax gives its probabilities.
    """
    name = type(model).__name__
    if name == "MLPClassifier":
        if model.out_activation_ == "logistic" and model.n_outputs_ > 1:
            raise NetworkError(f"{name} gives several labels at once; give a classifier of which one class is right.")
        layers: list[nn.Module] = []
        for weights, bias in zip(model.coefs_, model.intercepts_, strict=True):
            layers += [_linear(weights.T, bias), ACTIVATIONS[model.activation]()]
        return [*layers[:-1], *([TwoLogits()] if model.n_outputs_ == 1 else [])]
    several = len(model.classes_) > 2
    separate = name == "SGDClassifier" or "ovr" in (getattr(model, "multi_class", ""), _liblinear(model))
    if name == "SGDClassifier" and model.loss != "log_loss":
        raise NetworkError(
            f"SGDClassifier with loss='{model.loss}' has no logits of which a cross-entropy could be told; fit it with "
            "loss='log_loss'."
        )
    if name not in ("SGDClassifier", "LogisticRegression", "LogisticRegressionCV"):
        raise NetworkError(f"{name} has no exact network with logits here; give one of {KNOWN}.")
    if several and separate:
        raise NetworkError(
            f"This {name} asks one question a class, so that no softmax gives its probabilities; fit a "
            "LogisticRegression with another solver."
        )
    return [_linear(model.coef_, model.intercept_), *([] if several else [TwoLogits()])]


def _liblinear(model: Any) -> str:
    return "ovr" if getattr(model, "solver", "") == "liblinear" else ""


def _linear(weights: ArrayLike, bias: ArrayLike) -> nn.Linear:
    matrix = torch.as_tensor(np.asarray(weights, dtype=np.float64))
    layer = nn.Linear(matrix.shape[1], matrix.shape[0])
    with torch.no_grad():
        layer.weight.copy_(matrix)
        layer.bias.copy_(torch.as_tensor(np.broadcast_to(np.asarray(bias, dtype=np.float64), len(matrix)).copy()))
    return layer.requires_grad_(False)
