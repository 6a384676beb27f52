"""Somebody else's loss and domain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch

import isthmus


@dataclass(frozen=True)
class Doubt(isthmus.Loss):
    """One minus the probability of the target."""

    unit: ClassVar[str] = "probability"

    def __call__(self, logits, target):
        return 1 - logits.softmax(1).gather(1, target[:, None])[:, 0]


@dataclass(frozen=True)
class Dim(isthmus.Domain):
    """All inputs whose mean is at most `most`: a half-space."""

    most: float = 0.6

    def excess(self, x):
        return ((x.flatten(1).mean(1) - self.most) * x[0].numel() ** 0.5).clamp_min(0)

    def project(self, x):
        over = (x.flatten(1).mean(1) - self.most).clamp_min(0)
        return x - over.reshape(-1, *(1,) * (x.ndim - 1))

    def project_to_plane(self, x, through, normal):
        flat, n, base = x.flatten(1), normal.flatten(1), through.flatten(1)
        squared = (n * n).sum(1, keepdim=True)
        safe = torch.where(squared > 0, squared, 1.0)
        flat = flat - ((flat - base) * n).sum(1, keepdim=True) / safe * n
        up = torch.ones_like(flat) / flat.shape[1]
        up = up - (up * n).sum(1, keepdim=True) / safe * n  # the way down that stays in the plane
        over = (flat.mean(1, keepdim=True) - self.most).clamp_min(0)
        slope = up.mean(1, keepdim=True)
        return (flat - torch.where(slope > 0, over / torch.where(slope > 0, slope, 1.0), 0.0) * up).reshape(x.shape)
