"""Findings of an evaluation of detectors."""

from __future__ import annotations

from isthmus.detection.evaluation import Evaluated
from isthmus.findings.detection.chart import detection_chart
from isthmus.findings.detection.verdict import overall, verdict
from isthmus.findings.findings import Findings, Table

CLAIM = (
    "Pairs of a real and an attacked input have higher barriers than pairs of real inputs; the loss and the logits "
    "along the way from an input to real inputs of the class predicted can tell whether it was attacked."
)


def detection_findings(evaluated: Evaluated, about: str) -> Findings:
    """What an evaluation has found; `about` names network and data."""
    attacks = [each["attack"] for each in evaluated.tried]
    scores = overall(evaluated.rows, attacks)
    found, agrees, differs = verdict(evaluated)
    clean = max((row.found.n_clean for row in evaluated.rows), default=0)
    return Findings(
        title="Detecting attacked inputs",
        source="Vrabel et al. (2025), Section 4.2.1",
        claim=CLAIM,
        about=f"{about}: {evaluated.recognised} inputs, half of them to learn from, {len(attacks)} attacks",
        found=found,
        agrees=agrees,
        differs=differs,
        tables=_tables(evaluated, scores),
        chart=detection_chart(evaluated, scores),
        caption=(
            f"{about}; {clean} clean inputs test, which taught nothing. First: a dot is an attack, a bar the mean over "
            "attacks; positive: attacked; 0.5, dashed: the score says nothing."
            + (
                " Second: share of inputs whose attack misled the network unflagged at 5 % false positives, by "
                f"steps; n = {evaluated.adaptive[0]['n']}."
                if evaluated.adaptive
                else ""
            )
        ),
        notes=[
            f"An input costs {evaluated.cost} forward-equivalents.",
            "Intervals: 95 %, from a bootstrap that draws whole classes.",
            *evaluated.notes,
        ],
    )


def _tables(evaluated: Evaluated, scores) -> list[Table]:  # type: ignore[no-untyped-def]
    tables = [
        Table(
            name="scores",
            title="Every score over all attacks (positive: attacked)",
            columns={
                "name": "score",
                "role": "role",
                "mean": "mean AUROC",
                "lowest": "lowest AUROC",
                "hardest": "on",
                "tpr_at_5": "flagged at 5 % false positives",
                "sr_at_5": "SR@5",
            },
            rows=[vars(each) for each in sorted(scores, key=lambda each: -each.mean)],
            percent=frozenset({"tpr_at_5", "sr_at_5"}),
            note="Means over attacks, each left out of what the score was learned from.",
        ),
        Table(
            name="attacks",
            title="Attacks",
            columns={"attack": "attack", "family": "family", "tried": "tried", "succeeded": "succeeded, verified"},
            rows=evaluated.tried,
        ),
        Table(
            name="rows",
            title="Every score against every attack (positive: attacked)",
            columns={
                "name": "score",
                "role": "role",
                "attack": "attack",
                "auroc": "AUROC",
                "tpr_at_5": "flagged at 5 %",
                "tpr_at_1": "flagged at 1 %",
                "sr_at_5": "SR@5",
                "n_clean": "clean",
                "n_attacked": "attacked",
                "not_counted": "no score",
            },
            rows=[
                {
                    "name": row.name,
                    "role": row.role,
                    "attack": row.attack,
                    "auroc": row.found.auroc,
                    "tpr_at_5": row.found.tpr_at_5,
                    "tpr_at_1": row.found.tpr_at_1,
                    "sr_at_5": row.found.sr_at_5,
                    "n_clean": row.found.n_clean,
                    "n_attacked": row.found.n_attacked,
                    "not_counted": row.found.unknown,
                }
                for row in evaluated.rows
            ],
            percent=frozenset({"tpr_at_5", "tpr_at_1", "sr_at_5"}),
        ),
    ]
    if evaluated.shifted:
        tables.append(
            Table(
                name="shifts",
                title="Innocent inputs, shifted: false positives where 5 % were allowed",
                columns={"name": "detector", "shift": "shift", **{str(s): f"strength {s}" for s in range(1, 6)}},
                rows=[
                    {"name": name, "shift": shift}
                    | {
                        str(each["strength"]): each["false_positives"]
                        for each in evaluated.shifted
                        if (each["name"], each["shift"]) == (name, shift)
                    }
                    for name, shift in dict.fromkeys((each["name"], each["shift"]) for each in evaluated.shifted)
                ],
                percent=frozenset(map(str, range(1, 6))),
                note=f"{evaluated.shifted[0]['n']} inputs each.",
            )
        )
    if evaluated.adaptive:
        tables.append(
            Table(
                name="adaptive",
                title="Attacks that know the detector",
                columns={
                    "name": "detector",
                    "aim": "aim",
                    "epsilon": "epsilon",
                    "steps": "steps",
                    "misled": "network misled",
                    "sr_at_5": "SR@5",
                    "n": "inputs",
                },
                rows=evaluated.adaptive,
                percent=frozenset({"misled", "sr_at_5"}),
            )
        )
    return tables
