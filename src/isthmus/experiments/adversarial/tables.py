"""The tables of the experiment on attacked inputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isthmus.connecting.columns import ROUNDS
from isthmus.experiments.adversarial.comparisons import KINDS, REAL, Comparison
from isthmus.findings.findings import Table
from isthmus.studies import Group

POSITIVE = "AUROC; the positive class is the kind named, the negative one real pairs of one class."


def barriers_table(groups: Mapping[str, Group]) -> Table:
    """Barriers of each kind."""
    rows = []
    for kind in [each for each in (REAL, *KINDS) if each in groups]:
        group = groups[kind]
        rows.append(
            {
                "kind": kind,
                "pairs": group.counted,
                "not_made": group.not_made,
                "direct_gap": group.medians["direct_gap"],
                "direct_max_loss": group.medians["direct_max_loss"],
                "connected": group.connected,
                "deviation": group.deviation,
                "class_connected": group.class_connected,
            }
        )
    columns = {
        "kind": "C is",
        "pairs": "pairs",
        "not_made": "attack failed",
        "direct_gap": "median gap",
        "direct_max_loss": "median max loss",
        "connected": "connected in the end",
        "deviation": "deviation",
        "class_connected": "class kept",
    }
    note = (
        "Gap and max loss are of direct paths. The threshold is relative to the higher end: between clean inputs of "
        "two classes, where one end is high, connected says little."
    )
    return Table(
        name="barriers",
        title="Barriers",
        columns=columns,
        rows=rows,
        percent=frozenset({"connected", "deviation", "class_connected"}),
        note=note,
    )


def score_table(compared: Sequence[Comparison]) -> Table:
    """What the direct path tells, beside the losses of the ends and their distance."""
    columns = {
        "direct_gap": "gap",
        "direct_max_loss": "max loss",
        "low_end": "low loss of C alone",
        "direct_length": "distance alone",
    }
    note = (
        f"{POSITIVE} Matched: as many pairs as can be paired one to one with real pairs whose ends have the same "
        "losses (within a factor of 1.4; losses below 0.0001 count as equal), the same distance (within 5 %), or "
        "both; a control that is close to 0.5 there was matched well."
    )
    return _table("separation", "What the direct path tells, and what its ends tell alone", columns, compared, note)


def round_table(compared: Sequence[Comparison]) -> Table:
    """What is left of it after each round of bypasses."""
    columns = {f"gap_after_{rounds}": f"gap after {rounds}" for rounds in ROUNDS}
    columns |= {f"max_loss_after_{rounds}": f"max loss after {rounds}" for rounds in ROUNDS}
    columns |= {"deviation": "deviation", "steps": "steps"}
    note = f"{POSITIVE} After so many rounds of bypasses; pairs that are done earlier keep their path."
    whole = [each for each in compared if each.subset == "all pairs"]
    return _table("rounds", "After bypasses", columns, whole, note)


def _table(name: str, title: str, scores: Mapping[str, str], compared: Sequence[Comparison], note: str) -> Table:
    rows: list[dict[str, Any]] = [
        {"kind": each.kind, "subset": each.subset, "pairs": each.pairs, "real": each.real}
        | {score: each.scores[score].auroc for score in scores}
        for each in compared
    ]
    columns = {"kind": "C is", "subset": "which pairs", "pairs": "pairs", "real": "real pairs", **scores}
    return Table(name=name, title=title, columns=columns, rows=rows, note=note)
