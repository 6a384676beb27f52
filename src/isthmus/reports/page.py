"""The page: one self-contained HTML file with an overview, a table, and every pair under a slider."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from isthmus.connecting.connection import Connection
from isthmus.connecting.connections import Connections
from isthmus.reports.rendering import Page, facts_of, render
from isthmus.reports.shown_pairs import show_pairs
from isthmus.reports.stored_pictures import LIMIT
from isthmus.reports.summary import summarize


def page(
    pairs: Sequence[Connection] | Connection,
    *,
    names: Sequence[tuple[str, str]] | None = None,
    class_names: Sequence[str] | None = None,
    unit: str | None = None,
    title: str = "Connected inputs",
    made: Mapping[str, Any] | None = None,
) -> Page:
    """The page as HTML text, which a notebook shows in a frame.

    Args:
        pairs: the pairs shown, or one.
        names: what the two ends of each pair are called, such as their files.
        class_names: names of the classes.
        unit: of the loss; by default that of the pairs.
        title: the headline.
        made: how it was made, shown at the foot: command, network, seed, versions, hashes; by default what the pairs
            say of that themselves.
    """
    if isinstance(pairs, Connection):
        pairs = [pairs]
    names = names if names is not None else [(f"A{number}", f"C{number}") for number in range(len(pairs))]
    columns = pairs.extra if isinstance(pairs, Connections) else ()
    unit = unit or next((pair.unit for pair in pairs), "nats")
    data = {"unit": unit} | show_pairs(pairs, names, [class_names] * len(pairs), pictures_limit=LIMIT, columns=columns)
    return render(
        "page.html",
        ("common.js", "axes.js", "gaps.js", "pairs.js"),
        data,
        title=title,
        summary=summarize(pairs),
        strange=sum(pair.target not in pair.direct.predicted[[0, -1]].tolist() for pair in pairs),
        made=facts_of(getattr(pairs, "description", {})) if made is None else made,
    )
