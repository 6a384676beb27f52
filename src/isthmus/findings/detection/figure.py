"""The figure: every score over all attacks, and success of attacks that know the detector against steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from isthmus.detection.evaluation import Evaluated
from isthmus.detection.radius import radius_text
from isthmus.findings.detection.verdict import Overall
from isthmus.reports.style import ATTACKED, BANDS, BYPASS, DIRECT, FOUND, PEAK, RC

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLORS = {"detector": FOUND, "baseline": DIRECT, "control": ATTACKED}


def detection_figure(evaluated: Evaluated, scores: Sequence[Overall]) -> Figure:
    """Left: AUROC of every score, a dot an attack and a bar their mean. Right: adaptive attacks."""
    import matplotlib
    from matplotlib.figure import Figure as Made

    attacks = [each["attack"] for each in evaluated.tried]
    ordered = sorted(scores, key=lambda each: each.mean)
    adaptive = bool(evaluated.adaptive)
    with matplotlib.rc_context(RC):
        figure = Made(figsize=(12.5 if adaptive else 8, 1.6 + 0.32 * len(ordered)), layout="constrained")
        axes = figure.subplots(1, 2, width_ratios=(3, 2), squeeze=False)[0] if adaptive else [figure.subplots()]
        left = axes[0]
        for y, each in enumerate(ordered):
            mine = [
                row.found.auroc.value
                for row in evaluated.rows
                if (row.role, row.name) == (each.role, each.name) and row.attack in attacks
            ]
            left.plot(mine, np.full(len(mine), y), "o", color=COLORS[each.role], alpha=0.35, markersize=5, mew=0)
            left.plot([each.mean] * 2, [y - 0.36, y + 0.36], color=COLORS[each.role], linewidth=3)
        left.axvline(0.5, color="black", linewidth=1, linestyle="--")
        left.set_yticks(range(len(ordered)), [each.name for each in ordered])
        left.set_xlim(min(0.2, *(each.lowest for each in ordered)) - 0.02, 1.01)
        left.set_xlabel("AUROC (positive: attacked)")
        left.set_title("Each attack left out of the learning")
        for role, color in COLORS.items():
            left.plot([], [], "o", color=color, label=role)
        left.legend(loc="upper left")
        if adaptive:
            _adaptive(axes[1], evaluated)
    return figure


def _adaptive(axes, evaluated: Evaluated) -> None:  # type: ignore[no-untyped-def]
    kinds = dict.fromkeys((each["name"], each["aim"], each["epsilon"]) for each in evaluated.adaptive)
    styles = ("-", "--", ":", "-.")
    radii = sorted({epsilon for _, _, epsilon in kinds}, reverse=True)
    palette = (FOUND, ATTACKED, BYPASS, PEAK, BANDS[0], DIRECT)
    names = list(dict.fromkeys((name, aim) for name, aim, _ in kinds))
    for name, aim, epsilon in kinds:
        mine = [
            each for each in evaluated.adaptive if (each["name"], each["aim"], each["epsilon"]) == (name, aim, epsilon)
        ]
        axes.plot(
            [each["steps"] for each in mine],
            [100 * each["sr_at_5"] for each in mine],
            styles[radii.index(epsilon) % len(styles)],
            marker="o",
            markersize=4,
            color=palette[names.index((name, aim)) % len(palette)],
            label=f"{aim}, {radius_text(epsilon)}{'' if name == 'curves' else f' ({name})'}",
        )
    axes.axhline(50, color="black", linewidth=1, linestyle="--")
    axes.set_xscale("log")
    looked = sorted({each["steps"] for each in evaluated.adaptive})
    axes.set_xticks(looked, [str(steps) for steps in looked])
    axes.minorticks_off()
    axes.set_ylim(-3, 103)
    axes.set_xlabel("steps of the attack")
    axes.set_ylabel("SR@5: misled and not flagged (%)")
    axes.set_title("Attacks that know the detector")
    axes.legend(fontsize=8.5, loc="upper left", bbox_to_anchor=(-0.05, -0.11), ncols=2)
