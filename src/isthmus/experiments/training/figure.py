"""The figure of the experiment on training: averaged curves, and the barrier against the number of batches."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isthmus.profiles import Profile
from isthmus.reports import style
from isthmus.studies import Group

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False)
class Stage:
    """The network after so many batches: its group in the study, profiles of direct and found paths, and the median of
    the higher loss of the two ends.
    """

    batch: int
    group: Group
    profiles: Sequence[tuple[Profile, Profile]]
    ends: float


def training_figure(stages: Sequence[Stage], *, unit: str) -> Figure:
    """Left: mean loss along direct paths at every stage. Right: max loss and gap against the number of batches."""
    import matplotlib

    from isthmus._core.drawn import Drawn

    with matplotlib.rc_context(style.RC):
        figure = Drawn(figsize=(11, 4.2))
        left, right = figure.subplots(1, 2)
        _curves(left, stages, unit)
        _barriers(right, stages, unit)
    return figure


def _curves(axes: Axes, stages: Sequence[Stage], unit: str) -> None:
    from matplotlib import colormaps

    t = np.linspace(0, 1, 101)
    colors = colormaps["viridis"](np.linspace(0.05, 0.9, len(stages)))
    for stage, color in zip(stages, colors, strict=True):
        losses = np.stack([np.interp(t, p.t.numpy(), p.loss.double().numpy()) for p, _ in stage.profiles])
        axes.plot(t, losses.mean(0), color=color, linewidth=1.8, label=str(stage.batch))
    axes.set_yscale("log")
    axes.set_xlabel("arc length / |AC|")
    axes.set_ylabel(f"mean loss of direct paths ({unit})")
    axes.set_title("Direct paths", fontsize=11)
    axes.legend(title="batches", fontsize=8, title_fontsize=8, ncols=2)


def _barriers(axes: Axes, stages: Sequence[Stage], unit: str) -> None:
    batches = np.array([stage.batch for stage in stages], dtype=float)
    series = (
        ("direct_max_loss", "max loss, direct path", style.DIRECT, "o"),
        ("direct_gap", "gap, direct path", style.PEAK, "s"),
        ("max_loss", "max loss, path found", style.FOUND, "D"),
    )
    for name, label, color, marker in series:
        estimates = [stage.group.medians[name] for stage in stages]
        values = np.maximum([each.value for each in estimates], 1e-5)
        axes.plot(batches, values, marker + "-", color=color, label=label, markersize=5)
        axes.fill_between(
            batches,
            np.maximum([each.low for each in estimates], 1e-5),
            np.maximum([each.high for each in estimates], 1e-5),
            color=color,
            alpha=0.18,
            linewidth=0,
        )
    axes.set_xscale("symlog", linthresh=1, base=2)
    axes.set_xlim(left=0)
    axes.set_yscale("log")
    axes.set_xticks(batches, [f"{int(batch)}" for batch in batches])
    axes.set_xlabel("batches of training")
    axes.set_ylabel(f"median ({unit})")
    axes.set_title("Barriers", fontsize=11)
    axes.legend(fontsize=9)
