"""Displays of studies."""

from __future__ import annotations

from isthmus.reports.displays.base import display_of
from isthmus.reports.displays.card import card, facts, number, table
from isthmus.studies import Estimate, Study
from isthmus.studies.results import Results
from isthmus.studies.statistics import StudySummary


@display_of.register
def of_study(study: Study) -> str:
    """How far it is."""
    status = study.status()
    state = f"{status.pairs_done:,} of {status.pairs:,} pairs solved" if status.shards else "not planned yet"
    return card(
        study.config.title,
        facts(
            {
                "folder": study.folder,
                "networks": ", ".join(study.config.networks),
                "state": state,
                "damaged": f"{len(status.damaged)} shards" if status.damaged else None,
            }
        ),
        state=False if status.damaged else True if status.complete else None,
    )


@display_of.register
def of_results(results: Results) -> str:
    """Its summary."""
    return display_of(results.summary())


@display_of.register
def of_summary(summary: StudySummary) -> str:
    """A line a group."""
    rows = [
        (
            group.network,
            group.inputs,
            group.kind,
            f"{group.pairs:,}",
            _share(group.connected_directly),
            _share(group.connected),
            _share(group.class_connected),
            number(group.medians["gap"].value),
        )
        for group in summary.groups
    ]
    headings = ("network", "inputs", "kind", "pairs", "direct", "connected", "keep class", "gap, median")
    return card(
        f"{sum(group.pairs for group in summary.groups):,} pairs",
        table(headings, rows, words=(0, 1, 2), note="Shares with 95 % intervals over classes."),
    )


def _share(share: Estimate) -> str:
    if share.value != share.value:
        return "none"
    interval = "" if share.low != share.low else f" ({100 * share.low:.0f}–{100 * share.high:.0f})"
    return f"{100 * share.value:.1f} %{interval}"
