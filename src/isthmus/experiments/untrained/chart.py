"""The chart of the experiment on untrained networks: curves over rounds, and how many pairs are connected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.charts import Axis, Chart, Curve, Mark, Panel, Rule, whisker_of
from isthmus.estimates import Estimate
from isthmus.profiles import Profile
from isthmus.reports import style
from isthmus.studies import Group

FLOOR = 1e-5
T = np.linspace(0, 1, 201)  # arc length at which curves are drawn


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


def untrained_chart(
    curves: RoundCurves, shares: Sequence[Estimate], networks: Mapping[str, Group], *, unit: str
) -> Chart:
    """A panel for every stage, and one with the share connected after each round."""
    drawn = [_losses(profiles) for _, profiles in curves.panels]
    ends = (max(FLOOR, 0.5 * min(float(each.min()) for each in drawn)), 2 * max(float(each.max()) for each in drawn))
    panels = [
        _panel(title, losses, curves.threshold, style.FOUND if number else style.DIRECT, unit, ends)
        for number, ((title, _), losses) in enumerate(zip(curves.panels, drawn, strict=True))
    ]
    return Chart(panels=[*panels, _shares(shares, networks)], size=(3.4 * len(panels) + 3.6, 3.9))


def _losses(profiles: Sequence[Profile]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.stack([np.interp(T, p.t.numpy(), p.loss.double().clamp_min(FLOOR).numpy()) for p in profiles])


def _panel(title: str, losses: np.ndarray, threshold: float, color: str, unit: str, ends: tuple[float, float]) -> Panel:
    marks: list[Mark] = [Curve(x=T, y=curve, color=color, faint=0.75, width=0.8) for curve in losses]
    marks += [Curve(x=T, y=np.median(losses, axis=0), color=color, width=2.4), Rule(at=threshold, dash="dashed")]
    return Panel(
        title=title,
        marks=marks,
        x=Axis(label="arc length / length", low=0, high=1),
        y=Axis(label=f"loss ({unit})", scale="log", low=ends[0], high=ends[1]),
    )


def _shares(shares: Sequence[Estimate], networks: Mapping[str, Group]) -> Panel:
    rounds = np.arange(len(shares))
    marks: list[Mark] = []
    for group in networks.values():
        own = [each.value for each in group.connected_after]
        own += [own[-1]] * (len(shares) - len(own))
        marks.append(Curve(x=rounds, y=100 * np.array(own[: len(shares)]), color=style.FOUND, faint=0.7, width=0.8))
    marks.append(Curve(x=rounds, y=[100 * each.value for each in shares], color=style.FOUND))
    marks += [
        whisker_of(each, number, style.FOUND, scale=100, upright=True, name=f"after {number} rounds")
        for number, each in enumerate(shares)
    ]
    return Panel(
        title="Pairs connected",
        marks=marks,
        x=Axis(label="rounds of bypasses", ticks=[(number, str(number)) for number in rounds.tolist()]),
        y=Axis(label="pairs connected (%)", low=0, high=104),
    )
