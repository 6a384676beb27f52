"""Wording: sentences that several experiments say."""

from __future__ import annotations

from collections.abc import Sequence

from isthmus.findings.findings import share, spread
from isthmus.studies import Group


def connected_sentence(group: Group) -> str:
    """How many pairs are connected, and when."""
    after = group.connected_after
    later = ", ".join(f"{share(each.value)} after {rounds(number)}" for number, each in enumerate(after) if number)
    text = f"Of {group.counted} pairs, {spread(after[0], percent=True)} are connected by the direct path"
    return f"{text}, and {later}." if later else f"{text}."


def not_counted(groups: Sequence[Group]) -> list[str]:
    """A sentence on pairs that could not be measured, where there are some."""
    found = []
    for group in groups:
        lost = {"not finite": group.not_finite, "unreadable": group.unreadable, "not made": group.not_made}
        parts = [f"{count} {what}" for what, count in lost.items() if count]
        if parts:
            found.append(f"{group.kind}: {group.pairs} pairs, of which {', '.join(parts)} are counted and left out.")
    return found


def rounds(number: int) -> str:
    """`1 round`, `2 rounds`."""
    return "1 round" if number == 1 else f"{number} rounds"
