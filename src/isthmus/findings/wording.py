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
    """A sentence for each kind of pairs on those that could not be measured, where there are some."""
    found = []
    for kind in dict.fromkeys(group.kind for group in groups):
        mine = [group for group in groups if group.kind == kind]
        lost = {what: sum(getattr(group, what) for group in mine) for what in ("not_finite", "unreadable", "not_made")}
        parts = [f"{count} {what.replace('_', ' ')}" for what, count in lost.items() if count]
        if parts:
            pairs = sum(group.pairs for group in mine)
            found.append(f"{kind}: {pairs} pairs, of which {', '.join(parts)} are counted and left out.")
    return found


def rounds(number: int) -> str:
    """`1 round`, `2 rounds`."""
    return "1 round" if number == 1 else f"{number} rounds"
