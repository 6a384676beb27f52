"""Displays of comparisons."""

from __future__ import annotations

from isthmus.comparing import Comparison
from isthmus.reports.comparison_tables import compared, remarks, transferred
from isthmus.reports.displays.base import display_of
from isthmus.reports.displays.card import card, paragraph, table


@display_of.register
def of_comparison(found: Comparison) -> str:
    """Every run beside the first, measure by measure, and how paths carry over."""
    headings, rows = compared(found)
    blocks = [table(headings, rows, words=(0, 1, 2))]
    if found.transfer:
        headings, rows = transferred(found)
        blocks += [
            paragraph(
                "Paths found on one network, looked at on another; of pairs that a bypass has connected on the first:"
            ),
            table(headings, rows, words=(0, 1, 2, 3)),
        ]
    how = "over classes" if found.by_class else "that take pairs as independent"
    return card(
        f"{len(found):,} pairs in {len(found.runs)} runs",
        *blocks,
        *map(paragraph, remarks(found)),
        paragraph(f"In brackets: 95 % intervals {how}."),
    )
