"""Somebody else's certificate: what a very dense scan has shown, and what that rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import isthmus
from isthmus.certificates import Shown


@dataclass(frozen=True, kw_only=True)
class DenseScan(isthmus.Certifier):
    kind: ClassVar[str] = "dense-scan"

    points: int = 20001
    slack: float = 1e-3

    def check(self, landscape, x):
        landscape.loss(x[None], isthmus_target())

    def certify(self, landscape, path, profile, threshold, *, on_progress=None):
        scan = isthmus.profile(landscape, path, profile.target, sampling=isthmus.Sampling.even(self.points))
        certificate = isthmus.Certificate(
            kind=self.kind,
            bound=scan.max_loss + self.slack,
            threshold=threshold,
            parts=len(scan) - 1,
            subject_to=f"no peak of more than {self.slack} between {self.points} points",
        )
        return Shown(certificate, scan)


def isthmus_target():
    import torch

    return torch.zeros(1, dtype=torch.long)
