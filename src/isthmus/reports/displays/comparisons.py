"""Displays of comparisons."""

from __future__ import annotations

from isthmus.comparing import Comparison
from isthmus.reports.comparison_tables import compared, transferred
from isthmus.reports.displays.base import display_of
from isthmus.reports.displays.card import card, facts, paragraph, table


@display_of.register
def of_comparison(found: Comparison) -> str:
    """Every run beside the first, measure by measure, and how paths carry over."""
    headings, rows = compared(found)
    left_out = ", ".join(f"{name}: {count:,}" for name, count in found.left_out.items() if count)
    blocks = [facts({"left out": left_out or None}), table(headings, rows, words=(0, 1, 2))]
    if found.transfer:
        headings, rows = transferred(found)
        blocks += [
            paragraph("Paths found on one network, looked at on another; pairs that are not connected directly there:"),
            table(headings, rows, words=(0, 1, 2)),
        ]
    how = "over classes" if found.by_class else "that take pairs as independent"
    return card(
        f"{len(found):,} pairs in {len(found.runs)} runs",
        *blocks,
        paragraph(f"In brackets: 95 % intervals {how}."),
    )
