"""Effort: what it takes to connect an input with its references at low loss. No slope: attacks cannot walk down it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch

from isthmus._core.shapes import FeatureRows, Inputs, Targets
from isthmus.connecting.connection import Connection
from isthmus.connecting.connectors import BarrierBypass
from isthmus.connecting.loop import connect
from isthmus.detection.references import References
from isthmus.landscapes import AbstractLandscape

EFFORT: Mapping[str, Callable[[Connection], float]] = {
    # gradient steps of all bypasses
    "steps": lambda pair: float(pair.steps),
    # rounds of bypasses
    "rounds": lambda pair: float(pair.rounds),
    # largest distance of the path found from the straight one / length of that
    "deviation": lambda pair: float(pair.path.deviation),
    # what is left of the gap
    "gap_left": lambda pair: float(pair.profile.gap),
    # whether the path found stays below the threshold
    "connected": lambda pair: float(pair.connected),
}

EFFORT_NAMES = [f"effort.{name}.{statistic}" for name in EFFORT for statistic in ("mean", "max")]


def effort(landscape: AbstractLandscape, x: Inputs, judged: Targets, references: References, count: int) -> FeatureRows:
    """Features (n, f) in the order of `EFFORT_NAMES`: mean and highest over `count` references of each input."""
    ends = references.x[references.partners(x, judged, count)]
    found = connect(
        landscape,
        x.cpu().repeat_interleave(count, 0),
        ends.to(x.dtype),
        judged.cpu().repeat_interleave(count),
        method=BarrierBypass(
            lr=0.01
        ),  # Adam's many short steps are a measure; in log-odds nearly every bypass takes one
    )
    columns = []
    for read in EFFORT.values():
        values = torch.tensor([read(pair) for pair in found], dtype=torch.float64).reshape(len(x), count)
        columns += [values.mean(1), values.amax(1)]
    return torch.stack(columns, 1)
