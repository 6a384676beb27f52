"""The chart of the experiment on training: averaged curves, and the barrier against the number of batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.charts import Area, Axis, Chart, Curve, Mark, Panel
from isthmus.profiles import Profile
from isthmus.reports import style
from isthmus.studies import Group

FLOOR = 1e-5


@dataclass(frozen=True, eq=False)
class Stage:
    """The network after so many batches: its group in the study, profiles of direct and found paths, and the median of
    the higher loss of the two ends.
    """

    batch: int
    group: Group
    profiles: Sequence[tuple[Profile, Profile]]
    ends: float


def training_chart(stages: Sequence[Stage], *, unit: str) -> Chart:
    """Left: mean loss along direct paths at every stage. Right: max loss and gap against the number of batches."""
    return Chart(panels=[_curves(stages, unit), _barriers(stages, unit)], size=(11, 4.2))


def _curves(stages: Sequence[Stage], unit: str) -> Panel:
    t = np.linspace(0, 1, 101)
    curves = []
    for stage, color in zip(stages, style.scale(len(stages)), strict=True):
        losses = np.stack([np.interp(t, p.t.numpy(), p.loss.double().numpy()) for p, _ in stage.profiles])
        curves.append(Curve(x=t, y=losses.mean(0), color=color, width=1.8, name=str(stage.batch)))
    return Panel(
        title="Direct paths",
        marks=curves,
        x=Axis(label="arc length / |AC|", low=0, high=1),
        y=Axis(label=f"mean loss ({unit})", scale="log"),
        keys_title="batches",
    )


def _barriers(stages: Sequence[Stage], unit: str) -> Panel:
    batches = np.array([stage.batch for stage in stages], dtype=float)
    series = (
        ("direct_max_loss", "max loss, direct path", style.DIRECT, "o"),
        ("direct_gap", "gap, direct path", style.PEAK, "s"),
        ("max_loss", "max loss, path found", style.FOUND, "D"),
    )
    marks: list[Mark] = []
    for name, label, color, marker in series:
        estimates = [stage.group.medians[name] for stage in stages]
        low, high, middle = (
            np.maximum([getattr(each, part) for each in estimates], FLOOR) for part in ("low", "high", "value")
        )
        marks += [
            Area(x=batches, low=low, high=high, color=color, alpha=0.18),
            Curve(x=batches, y=middle, color=color, marker=marker, name=label),
        ]
    return Panel(
        title="Barriers",
        marks=marks,
        x=Axis(
            label="batches of training", scale="symlog", low=0, ticks=[(batch, f"{batch:.0f}") for batch in batches]
        ),
        y=Axis(label=f"median ({unit})", scale="log"),
    )
