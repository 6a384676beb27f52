"""The figure of the experiment on untrained networks: curves over rounds, and how many pairs are connected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from isthmus.estimates import Estimate
from isthmus.profiles import Profile
from isthmus.reports import style
from isthmus.studies import Group

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FLOOR = 1e-5


@dataclass(frozen=True, eq=False)
class RoundCurves:
    """Profiles of some pairs after some rounds.

    Attributes:
        panels: title and one profile a pair.
        pairs: how many.
        threshold: median of theirs.
        unit: of the loss.
    """

    panels: Sequence[tuple[str, Sequence[Profile]]]
    pairs: int
    threshold: float
    unit: str


def untrained_figure(
    curves: RoundCurves, shares: Sequence[Estimate], networks: Mapping[str, Group], *, unit: str
) -> Figure:
    """A panel for every stage, and one with the share connected after each round."""
    import matplotlib

    from isthmus._core.drawn import Drawn

    count = len(curves.panels)
    with matplotlib.rc_context(style.RC):
        figure = Drawn(figsize=(3.2 * count + 3.4, 3.9))
        axes = figure.subplots(1, count + 1, width_ratios=(*(1 for _ in range(count)), 1.05))
        for number, (place, (title, profiles)) in enumerate(zip(axes, curves.panels, strict=False)):
            if number:
                place.sharey(axes[0])
            _panel(place, title, profiles, curves.threshold, style.FOUND if number else style.DIRECT)
        axes[0].set_ylabel(f"loss ({unit})")
        _shares(axes[-1], shares, networks)
    return figure


def _panel(axes: Axes, title: str, profiles: Sequence[Profile], threshold: float, color: str) -> None:
    t = np.linspace(0, 1, 201)
    losses = np.stack([np.interp(t, p.t.numpy(), p.loss.double().clamp_min(FLOOR).numpy()) for p in profiles])
    for curve in losses:
        axes.plot(t, curve, color=color, alpha=0.25, linewidth=0.8)
    axes.plot(t, np.median(losses, axis=0), color=color, linewidth=2.4)
    axes.axhline(threshold, color="black", linestyle="--", linewidth=1)
    axes.set_yscale("log")
    axes.set_ylim(bottom=max(FLOOR, 0.5 * float(losses.min())))
    axes.set_title(title, fontsize=11)
    axes.set_xlabel("arc length / length")


def _shares(axes: Axes, shares: Sequence[Estimate], networks: Mapping[str, Group]) -> None:
    rounds = np.arange(len(shares))
    for group in networks.values():
        own = [each.value for each in group.connected_after]
        own += [own[-1]] * (len(shares) - len(own))
        axes.plot(rounds, 100 * np.array(own[: len(shares)]), color=style.FOUND, alpha=0.3, linewidth=0.8)
    axes.plot(rounds, [100 * each.value for each in shares], "o-", color=style.FOUND, linewidth=2)
    for number, each in enumerate(shares):
        if np.isfinite(each.low):
            axes.plot([number, number], [100 * each.low, 100 * each.high], color=style.FOUND, linewidth=1.4)
    axes.set_xticks(rounds)
    axes.set_ylim(0, 104)
    axes.set_xlabel("rounds of bypasses")
    axes.set_ylabel("pairs connected (%)")
    axes.set_title("Pairs connected", fontsize=11)
