"""The verdict: what the comparisons say of the paper's claim, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from isthmus.experiments.adversarial import comparisons as of
from isthmus.experiments.adversarial.comparisons import Comparison
from isthmus.findings.findings import share, spread
from isthmus.studies import Group

FEWEST = 10  # matched pairs of which anything is said


def verdict(compared: Sequence[Comparison], groups: Mapping[str, Group]) -> tuple[list[str], list[str], list[str]]:
    """What was found, what agrees with the paper, and what does not."""
    at = {(each.kind, each.subset): each for each in compared}
    published = at[of.PUBLISHED, "all pairs"]
    gap = published.scores["direct_gap"].auroc
    higher = gap.low > 0.5
    agrees: list[str] = []
    differs: list[str] = []
    found = [_gaps(groups), _published(published)]
    (agrees if higher else differs).append(
        f"Barriers to attacked inputs are {'' if higher else 'not reliably '}higher: AUROC of the gap {spread(gap)}; "
        "the paper's rows give .932."
    )
    for kind in [each for each in (of.PUBLISHED, of.MATCHED_STOP) if each in groups]:
        sentence, still = _with_same_losses(at[kind, "same losses of the ends"])
        found.append(sentence)
        if still is not None:
            left = "still tells them apart" if still else "tells nothing reliably"
            (agrees if still else differs).append(f"Where the ends have the same losses ({kind}), the gap {left}.")
    found += _controls(at)
    same = at[of.SAME, "all pairs"].scores["direct_gap"].auroc
    if higher and same.high < gap.low:
        differs.append(
            f"An attack on an input of the class itself leaves far less of a barrier (AUROC {spread(same)}): the "
            "barrier says where the source came from more than that something was attacked."
        )
    found.append(
        f"After 1, 2 and 3 rounds the gap is left with AUROC {_of(published, 'gap_after_1')}, "
        f"{_of(published, 'gap_after_2')} and {_of(published, 'gap_after_3')}; the deviation of the path found has "
        f"{_of(published, 'deviation')}."
    )
    last = published.scores["gap_after_3"].auroc
    if last.high < gap.value:
        verb = "take it away" if last.low <= 0.5 <= last.high else "weaken it"
        found.append(f"The signal of the gap lies in the direct path; bypasses {verb}.")
    return found, agrees, differs


def _gaps(groups: Mapping[str, Group]) -> str:
    real, attacked = (groups[kind].medians["direct_gap"] for kind in (of.REAL, of.PUBLISHED))
    return f"Median gap {spread(real)} between real inputs of one class, {spread(attacked)} to attacked ones."


def _published(published: Comparison) -> str:
    return (
        f"With the published stop rule the gap tells attacked from real pairs with AUROC "
        f"{_of(published, 'direct_gap')}, the max loss {_of(published, 'direct_max_loss')}; the low loss of the end "
        f"alone {_of(published, 'low_end')}, the distance alone {_of(published, 'direct_length')}. "
        f"{share(published.lower)} of the attacked ends have a lower loss than their real partners."
    )


def _with_same_losses(each: Comparison) -> tuple[str, bool | None]:
    """What is left of the gap among pairs matched in the losses of their ends; None where there are too few."""
    if each.pairs < FEWEST:
        return f"{each.kind}: only {each.pairs} pairs have partners with the same losses of the ends.", None
    text = (
        f"{each.kind}: among {each.pairs} pairs matched in the losses of their ends the gap has AUROC "
        f"{_of(each, 'direct_gap')} (the low loss of the end alone {_of(each, 'low_end')})."
    )
    return text, each.scores["direct_gap"].auroc.low > 0.5


def _controls(at: Mapping[tuple[str, str], Comparison]) -> list[str]:
    other, same = (at[kind, "all pairs"] for kind in (of.OTHER, of.SAME))
    on = at.get((of.RUN_ON, "all pairs"))
    clean = (
        f"Clean inputs of other classes, which nobody attacked, are told from real pairs with AUROC "
        f"{_of(other, 'direct_max_loss')} by the max loss and {_of(other, 'direct_gap')} by the gap."
    )
    within = (
        f"Inputs of the class itself that were attacked likewise, with no loss to stop at: {_of(same, 'direct_gap')} "
        f"by the gap, {_of(same, 'direct_max_loss')} by the max loss."
    )
    found = [clean, within]
    if on is not None:
        found.append(f"Attacks that no loss stops: {_of(on, 'direct_gap')} by the gap.")
    return found


def _of(comparison: Comparison, score: str) -> str:
    return spread(comparison.scores[score].auroc)
