"""The chart: every score over all attacks, and success of attacks that know the detector against steps."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from isthmus.charts import Axis, Chart, Curve, Key, Mark, Panel, Rule, Whisker
from isthmus.detection.evaluation import Evaluated
from isthmus.detection.radius import radius_text
from isthmus.findings.detection.verdict import Overall
from isthmus.reports.style import ATTACKED, BANDS, BYPASS, DIRECT, FOUND, PEAK

COLORS = {"detector": FOUND, "baseline": DIRECT, "control": ATTACKED}
PALETTE = (FOUND, ATTACKED, BYPASS, PEAK, BANDS[0], DIRECT)
DASHES = ("", "dashed", "dotted", "dashdot")


def detection_chart(evaluated: Evaluated, scores: Sequence[Overall]) -> Chart:
    """AUROC of every score, a dot an attack and a bar their mean; and adaptive attacks, where there were some."""
    panels = [_scores(evaluated, sorted(scores, key=lambda each: each.mean))]
    if evaluated.adaptive:
        panels.append(_adaptive(evaluated))
    return Chart(panels=panels, size=(12.5 if evaluated.adaptive else 8, 1.9 + 0.32 * len(scores)))


def _scores(evaluated: Evaluated, ordered: Sequence[Overall]) -> Panel:
    attacks = [each["attack"] for each in evaluated.tried]
    marks: list[Mark] = [Rule(at=0.5, upright=True, dash="dashed")]
    for y, each in enumerate(ordered):
        mine = [
            row.found.auroc.value
            for row in evaluated.rows
            if (row.role, row.name) == (each.role, each.name) and row.attack in attacks
        ]
        color = COLORS[each.role]
        marks.append(Curve(x=mine, y=np.full(len(mine), float(y)), color=color, faint=0.65, width=0, marker="o"))
        marks += [
            Curve(x=[each.mean] * 2, y=[y - 0.36, y + 0.36], color=color, width=3),
            Whisker(
                at=y, value=each.mean, low=each.mean, high=each.mean, color=color, marker="", name=f"{each.name}, mean"
            ),
        ]
    return Panel(
        title="Each attack left out of the learning",
        marks=marks,
        x=Axis(label="AUROC (positive: attacked)", low=min(0.2, *(e.lowest for e in ordered)) - 0.02, high=1.01),
        y=Axis(low=-0.6, high=len(ordered) - 0.4, ticks=[(y, each.name) for y, each in enumerate(ordered)], rows=True),
        keys=[Key(name=role, color=color, marker="o") for role, color in COLORS.items()],
        width=1.5,
    )


def _adaptive(evaluated: Evaluated) -> Panel:
    kinds = dict.fromkeys((each["name"], each["aim"], each["epsilon"]) for each in evaluated.adaptive)
    radii = sorted({epsilon for _, _, epsilon in kinds}, reverse=True)
    names = list(dict.fromkeys((name, aim) for name, aim, _ in kinds))
    marks: list[Mark] = [Rule(at=50, dash="dashed")]
    for name, aim, epsilon in kinds:
        mine = [
            each for each in evaluated.adaptive if (each["name"], each["aim"], each["epsilon"]) == (name, aim, epsilon)
        ]
        marks.append(
            Curve(
                x=[each["steps"] for each in mine],
                y=[100 * each["sr_at_5"] for each in mine],
                dash=DASHES[radii.index(epsilon) % len(DASHES)],
                marker="o",
                size=4,
                color=PALETTE[names.index((name, aim)) % len(PALETTE)],
                name=f"{aim}, {radius_text(epsilon)}{'' if name == 'curves' else f' ({name})'}",
            )
        )
    looked = sorted({each["steps"] for each in evaluated.adaptive})
    return Panel(
        title="Attacks that know the detector",
        marks=marks,
        x=Axis(label="steps of the attack", scale="log", ticks=[(steps, str(steps)) for steps in looked]),
        y=Axis(label="SR@5: misled and not flagged (%)", low=-3, high=103),
    )
