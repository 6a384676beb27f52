"""The verdict: what is left of the signal beside its controls, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from isthmus.detection.evaluation import Evaluated, Row
from isthmus.detection.radius import radius_text
from isthmus.findings.findings import share

NOTHING = 0.55  # mean AUROC up to which a score is said to tell nothing


@dataclass(frozen=True)
class Overall:
    """A score over all attacks: mean and lowest AUROC, and the attack that it is lowest on."""

    role: str
    name: str
    mean: float
    lowest: float
    hardest: str
    tpr_at_5: float
    sr_at_5: float


def overall(rows: Sequence[Row], attacks: Sequence[str]) -> list[Overall]:
    """Every score that was tried on all of the attacks, each left out of what it was learned from."""
    found = []
    for role, name in dict.fromkeys((row.role, row.name) for row in rows):
        mine: Mapping[str, Row] = {
            row.attack: row for row in rows if (row.role, row.name) == (role, name) and row.attack in attacks
        }
        if not mine:
            continue
        aurocs = {attack: row.found.auroc.value for attack, row in mine.items()}
        hardest = min(aurocs, key=lambda attack: aurocs[attack])
        found.append(
            Overall(
                role,
                name,
                float(np.mean(list(aurocs.values()))),
                aurocs[hardest],
                hardest,
                float(np.mean([row.found.tpr_at_5.value for row in mine.values()])),
                float(np.mean([row.found.sr_at_5 for row in mine.values()])),
            )
        )
    return found


def _clearly(rows: Sequence[Row], one: Overall, other: Overall, attacks: Sequence[str]) -> int:
    """On how many attacks the interval of one score lies above that of another."""
    found = {(row.name, row.attack): row.found.auroc for row in rows if not row.adaptive}
    pairs = [(found.get((one.name, attack)), found.get((other.name, attack))) for attack in attacks]
    return sum(mine.low > its.high for mine, its in pairs if mine is not None and its is not None)


def verdict(evaluated: Evaluated) -> tuple[list[str], list[str], list[str]]:
    """What was found, what agrees with the paper, and what does not."""
    attacks = [each["attack"] for each in evaluated.tried]
    scores = {each.name: each for each in overall(evaluated.rows, attacks)}
    detectors = [each for each in scores.values() if each.role == "detector" and "family" not in each.name]
    learned = [each for each in detectors if each.name.startswith("curves")]
    found: list[str] = []
    agrees: list[str] = []
    differs: list[str] = []
    best = max(learned, key=lambda each: each.mean)
    found.append(
        f"The best detector ({best.name}) has mean AUROC {best.mean:.3f} over {len(attacks)} attacks, each left out of "
        f"what it was learned from; lowest on {best.hardest}, {best.lowest:.3f}."
    )
    (agrees if best.mean > NOTHING else differs).append(
        f"Curves {'tell' if best.mean > NOTHING else 'do not tell'} attacked inputs from clean ones (mean AUROC "
        f"{best.mean:.3f})."
    )
    differs += [
        f"'{each.name}' tells nothing: mean AUROC {each.mean:.3f}." for each in detectors if each.mean <= NOTHING
    ]
    controls = [
        each
        for each in scores.values()
        if each.role == "control" and each.name != "a coin" and "same losses" not in each.name
    ]
    if controls and best.mean > NOTHING:
        strongest = max(controls, key=lambda each: each.mean)
        ahead = best.mean - strongest.mean
        clear = _clearly(evaluated.rows, best, strongest, attacks)
        sentence = f"The strongest control ('{strongest.name}') has mean AUROC {strongest.mean:.3f}"
        if clear <= len(attacks) / 2:
            differs.append(
                f"{sentence} and explains the signal: the best detector is {ahead:+.3f} from it, and clearly ahead on "
                f"{clear} of {len(attacks)} attacks."
            )
        else:
            agrees.append(f"{sentence}; the best detector is clearly ahead on {clear} of {len(attacks)} attacks.")
    for name in ("curves to references only", "end alone, learned", "gap to references", "max loss to references"):
        if name in scores:
            each = scores[name]
            found.append(f"'{name}': mean AUROC {each.mean:.3f}, lowest {each.lowest:.3f} ({each.hardest}).")
    same = [each for each in scores.values() if "same losses" in each.name]
    found += [f"Among inputs whose ends have the same losses: mean AUROC {each.mean:.3f}." for each in same]
    for row in evaluated.rows:
        if row.attack.startswith("nothing") and row.name == "curves":
            kind = row.attack.removeprefix("nothing: ")
            found.append(
                f"Inputs that nobody attacked ({kind}) are told from other clean ones with AUROC "
                f"{row.found.auroc.value:.3f}."
            )
    if evaluated.shifted:
        worst = max(
            (each for each in evaluated.shifted if each["name"] == best.name),
            key=lambda each: each["false_positives"],
            default=None,
        )
        if worst is not None:
            differs.append(
                f"Innocent shifts raise the false-positive rate of 5 % to {share(worst['false_positives'])} at worst "
                f"({worst['shift']}, strength {worst['strength']})."
            )
    if evaluated.adaptive:
        top = max(evaluated.adaptive, key=lambda each: (each["sr_at_5"], -each["epsilon"], -each["steps"]))
        (differs if top["sr_at_5"] >= 0.5 else agrees).append(
            f"An attack that knows the detector ({top['aim']}, {radius_text(top['epsilon'])}, {top['steps']} steps, "
            f"against {top['name']}) misleads network and detector for {share(top['sr_at_5'])} of {top['n']} inputs."
        )
    return found, agrees, differs
