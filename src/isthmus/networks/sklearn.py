"""from_sklearn: a classifier of scikit-learn as an exact Network.

| estimator | its logits |
|---|---|
| `LogisticRegression`, `LogisticRegressionCV` | decision functions; (-z/2, z/2) of the one of two classes |
| `SGDClassifier(loss="log_loss")` of two classes | (-z/2, z/2) |
| `MLPClassifier` | what its last softmax gets; (-z/2, z/2) of two classes |
| `Pipeline` of scalers and one of these | the same, behind the scalers |

These are the ones whose loss is the cross-entropy of these logits, so that their softmax is `predict_proba`. Decision
functions of hinges, and probabilities of several sigmoids that were brought to a sum of 1, are no such logits.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from isthmus._core.random import numpy_generator
from isthmus.errors import NetworkError
from isthmus.inputs.kinds import Table
from isthmus.networks.network import Network

ACTIVATIONS: dict[str, Callable[[], nn.Module]] = {
    "relu": nn.ReLU,
    "tanh": nn.Tanh,
    "logistic": nn.Sigmoid,
    "identity": nn.Identity,
}
KNOWN = "MLPClassifier, LogisticRegression, SGDClassifier(loss='log_loss') of two classes, and pipelines of scalers"
TOLERANCE = 1e-4  # between softmax and predict_proba: above the rounding of float32
SCALERS = ("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler")


class Scale(nn.Module):
    """(x - center) / spread, a number of each a feature."""

    center: Tensor
    spread: Tensor

    def __init__(self, center: ArrayLike, spread: ArrayLike) -> None:
        super().__init__()
        self.register_buffer("center", torch.as_tensor(np.asarray(center), dtype=torch.float32))
        self.register_buffer("spread", torch.as_tensor(np.asarray(spread), dtype=torch.float32))

    def forward(self, x: Tensor) -> Tensor:
        """Scaled rows."""
        return (x - self.center) / self.spread


class TwoLogits(nn.Module):
    """(-z/2, z/2) of the one output z of a classifier of two classes: their softmax is the sigmoid of z."""

    def forward(self, z: Tensor) -> Tensor:
        """Logits (n, 2) of outputs (n, 1)."""
        return torch.cat([-z / 2, z / 2], 1)


def from_sklearn(estimator: object, *, table: Table | None = None, class_names: Sequence[str] | None = None) -> Network:
    """A fitted classifier of scikit-learn as a network; see the table above for which.

    Args:
        estimator: the classifier, or a pipeline that ends in one.
        table: what its features are; inputs are then rows of this table, and the estimator sees them in their units.
            Without it inputs are the estimator's own features.
        class_names: replace `classes_`.

    Raises:
        NetworkError: the estimator is none of these, is not fitted, has other features than the table, or the network
            does not reproduce its `predict_proba`.
    """
    steps = [step for _, step in getattr(estimator, "steps", [("", estimator)])]
    last: Any = steps[-1]
    before = [step for step in steps[:-1] if step is not None and not isinstance(step, str)]  # "passthrough" is none
    layers = [_scaler(step) for step in before]
    if not hasattr(last, "classes_"):
        raise NetworkError(f"{_name(last)} is no fitted classifier; fit it, and give one of {KNOWN}.")
    if not isinstance(last.classes_, np.ndarray) or last.classes_.ndim != 1:
        raise NetworkError(f"{_name(last)} answers several questions at once; give a classifier of one.")
    width = int(last.n_features_in_)
    module = nn.Sequential(*layers, *_classifier(last)).eval()
    if table is not None:
        _check_features(estimator, table, width)
    network = Network(
        module,
        mean=None if table is None else table.mean,
        std=None if table is None else table.std,
        input_shape=(width,),
        class_names=[str(each) for each in last.classes_] if class_names is None else class_names,
        input_kind=table,
        name=f"{_name(last)} behind {', '.join(map(_name, before))}" if before else _name(last),
    )
    _check_same(estimator, module, _rows(module, table, width))
    return network


def _classifier(model: Any) -> list[nn.Module]:
    name = _name(model)
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


def _scaler(step: Any) -> nn.Module:
    name = _name(step)
    if name not in SCALERS:
        raise NetworkError(f"{name} cannot stand in front of a network here; use one of {', '.join(SCALERS)}, or none.")
    if not hasattr(step, "n_features_in_"):
        raise NetworkError(f"{name} is not fitted; fit the pipeline first.")
    none, one = np.zeros(step.n_features_in_), np.ones(step.n_features_in_)
    if name == "StandardScaler":
        scale = Scale(step.mean_ if step.with_mean else none, step.scale_ if step.with_std else one)
    elif name == "RobustScaler":
        scale = Scale(step.center_ if step.with_centering else none, step.scale_ if step.with_scaling else one)
    elif name == "MaxAbsScaler":
        scale = Scale(none, step.scale_)
    else:
        scale = Scale(-step.min_ / step.scale_, 1 / step.scale_)
    if getattr(step, "clip", False):
        low, high = step.feature_range if name == "MinMaxScaler" else (-1.0, 1.0)
        return nn.Sequential(scale, nn.Hardtanh(low, high))
    return scale


def _linear(weights: ArrayLike, bias: ArrayLike) -> nn.Linear:
    matrix = torch.as_tensor(np.asarray(weights, dtype=np.float64))
    layer = nn.Linear(matrix.shape[1], matrix.shape[0])
    with torch.no_grad():
        layer.weight.copy_(matrix)
        layer.bias.copy_(torch.as_tensor(np.broadcast_to(np.asarray(bias, dtype=np.float64), len(matrix)).copy()))
    return layer.requires_grad_(False)


def _check_features(estimator: object, table: Table, width: int) -> None:
    own = [str(name) for name in getattr(estimator, "feature_names_in_", ())]
    if table.width != width:
        raise NetworkError(
            f"{_name(estimator)} takes {width} features, and rows of the table have {table.width} coordinates; give "
            "the table of the features that it was fitted on."
        )
    if own and len(own) == len(table.names) and own != list(table.names):
        first = next(k for k in range(len(own)) if own[k] != table.names[k])
        raise NetworkError(
            f"Feature {first} of {_name(estimator)} is '{own[first]}', and that of the table '{table.names[first]}'; "
            "give the table of the columns that it was fitted on, in their order."
        )


def _check_same(estimator: Any, module: nn.Module, rows: NDArray[np.float64]) -> None:
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")  # of rows without names
        expected = estimator.predict_proba(rows)
        found = torch.softmax(module(torch.as_tensor(rows, dtype=torch.float32)).double(), 1).numpy()
    worst = float(np.abs(found - expected).max()) if found.shape == expected.shape else math.inf
    if not worst <= TOLERANCE:
        raise NetworkError(
            f"The softmax of the network differs from predict_proba of {_name(estimator)} by {worst:.1g} (at most "
            f"{TOLERANCE:g}): its probabilities are made another way; give the model as a torch module."
        )


def _rows(module: nn.Module, table: Table | None, width: int) -> NDArray[np.float64]:
    """Random rows around those that it was fitted on, as far as the table or the first scaler tells."""
    rows: NDArray[np.float64] = numpy_generator(0).normal(size=(64, width))
    first = next((each for each in module.modules() if isinstance(each, Scale)), None)
    if table is not None:
        rows = (rows - np.array(table.mean)) / np.array(table.std)
    elif first is not None:
        rows = rows * first.spread.double().numpy() + first.center.double().numpy()
    return rows


def _name(estimator: object) -> str:
    return type(estimator).__name__
