"""Wording: sentences that several experiments say."""

from __future__ import annotations

from collections.abc import Sequence

from isthmus.experiments.findings import share, spread
from isthmus.studies import Group


def connected_sentence(group: Group) -> str:
    """How many pairs are connected, and when."""
    after = group.connected_after
    rounds = ", ".join(f"{share(each.value)} after {_rounds(number)}" for number, each in enumerate(after) if number)
    text = f"Of {group.counted} pairs, {spread(after[0], percent=True)} are connected by the direct path"
    return f"{text}, and {rounds}." if rounds else f"{text}."


def not_counted(groups: Sequence[Group]) -> list[str]:
    """A sentence on pairs that could not be measured, where there are some."""
    found = []
    for group in groups:
        lost = {"not finite": group.not_finite, "unreadable": group.unreadable, "not made": group.not_made}
        parts = [f"{count} {what}" for what, count in lost.items() if count]
        if parts:
            found.append(f"{group.kind}: {group.pairs} pairs, of which {', '.join(parts)} are counted and left out.")
    return found


def _rounds(number: int) -> str:
    return "1 round" if number == 1 else f"{number} rounds"
