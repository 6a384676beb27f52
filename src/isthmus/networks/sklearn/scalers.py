"""Scalers of scikit-learn as modules."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor, nn

from isthmus.errors import NetworkError

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


def scaler(step: Any) -> nn.Module:
    """A fitted scaler, or a pipeline of some.

    Raises:
        NetworkError: it is none of these, or not fitted.
    """
    if isinstance(step, str) or step is None:  # "passthrough"
        return nn.Identity()
    if hasattr(step, "steps"):
        return nn.Sequential(*(scaler(inner) for _, inner in step.steps))
    name = type(step).__name__
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
