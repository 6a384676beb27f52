"""Displays of comparisons."""

from __future__ import annotations

from isthmus.comparing import Comparison
from isthmus.reports.comparison_tables import compared, remarks, transferred, words_of
from isthmus.reports.displays.base import display_of
from isthmus.reports.displays.card import card, paragraph, table


@display_of.register
def of_comparison(found: Comparison) -> str:
    """Every run beside the first, measure by measure, and how paths carry over."""
    beside = compared(found)
    blocks = [table(*beside, words=range(words_of(beside)))]
    if found.transfer:
        carried = transferred(found)
        blocks += [
            paragraph(
                "Paths found on one network, looked at on another; of pairs that a bypass has connected on the first:"
            ),
            table(*carried, words=range(words_of(carried))),
        ]
    how = "over classes" if found.by_class else "that take pairs as independent"
    return card(
        f"{len(found):,} pairs in {len(found.runs)} runs",
        *blocks,
        *map(paragraph, remarks(found)),
        paragraph(f"In brackets: 95 % intervals {how}."),
    )
