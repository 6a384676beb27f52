"""The chart of the experiment on attacked inputs: barriers of each kind, and what tells kinds apart."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from isthmus.charts import INK, Axis, Box, Chart, Key, Mark, Panel, Rule, rows_of, whisker_of
from isthmus.experiments.adversarial.comparisons import KINDS, OTHER, REAL, SAME, Comparison
from isthmus.reports import style
from isthmus.studies import Group

SCORES = {
    "direct_gap": Key(name="gap of the direct path", color=style.FOUND, marker="o"),
    "direct_max_loss": Key(name="max loss of the direct path", color=style.BYPASS, marker="s"),
    "low_end": Key(name="low loss of C alone", color=INK, marker="D", hollow=True),
    "direct_length": Key(name="distance alone", color=style.DIRECT, marker="^", hollow=True),
}
COLORS = {REAL: style.FOUND, OTHER: style.DIRECT, SAME: style.PEAK}
FLOOR = 1e-5  # the lowest gap that is drawn


def adversarial_chart(groups: Mapping[str, Group], compared: Sequence[Comparison], *, unit: str) -> Chart:
    """Gaps and max losses of direct paths, and the AUROC of every comparison."""
    return Chart(
        panels=[
            _barriers(groups, "direct_gap", "How high the gaps are", f"gap of the direct path ({unit})"),
            _barriers(
                groups, "direct_max_loss", "How high the max losses are", f"max loss of the direct path ({unit})"
            ),
            _forest(compared),
        ],
        size=(16, 7.2),
    )


def _barriers(groups: Mapping[str, Group], measure: str, title: str, label: str) -> Panel:
    kinds = [each for each in (REAL, *KINDS) if each in groups]
    boxes = []
    for place, kind in enumerate(kinds):
        found = [max(value, FLOOR) for value in groups[kind].quantiles[measure]]
        if all(math.isfinite(value) for value in found):
            color = COLORS.get(kind, style.ATTACKED)
            boxes.append(Box(at=place, quantiles=tuple(found), color=color, thick=0.55, name=kind))  # type: ignore[arg-type] # five
    rows = rows_of([f"{kind} ({groups[kind].counted})" for kind in kinds])
    return Panel(title=title, marks=boxes, x=Axis(label=label, scale="log"), y=rows)


def _forest(compared: Sequence[Comparison]) -> Panel:
    names = []
    marks: list[Mark] = [Rule(at=0.5, upright=True, dash="dashed")]
    for row, each in enumerate(compared):
        whole = each.subset == "all pairs"
        names.append(f"{each.kind}\nall {each.pairs} + {each.real}" if whole else f"{each.subset} ({each.pairs})")
        if row and whole:
            marks.append(Rule(at=row - 0.5, faint=0.85, width=0.8))
        called = names[-1].replace("\n", ", ")
        for place, (score, key) in enumerate(SCORES.items()):
            at = row + 0.2 * (place - 1.5)
            look: dict[str, Any] = {
                "marker": key.marker,
                "hollow": key.hollow,
                "name": f"{called}, {key.name}",
            }
            marks.append(whisker_of(each.scores[score].auroc, at, key.color, **look))
    return Panel(
        title="What tells them apart",
        marks=marks,
        x=Axis(label="AUROC against real pairs of one class", low=-0.02, high=1.02),
        y=rows_of(names),
        keys=list(SCORES.values()),
        width=1.3,
    )
