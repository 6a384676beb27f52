"""The page of inputs that were made: each with what it was made from and what changed, under a table of all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from isthmus._core.files import plain
from isthmus._core.text import visible
from isthmus.inputs.kinds import kind_for
from isthmus.reports.made_inputs import MadeInputs
from isthmus.reports.rendering import facts_of, render
from isthmus.reports.stored_pictures import LIMIT, Pictures

SIZES = (192, 128, 80, 48)  # pixels of a picture: the largest with which the page stays small
MOST = 400  # inputs with pictures
# What is shown of a row, with its heading; what no row has is left out.
COLUMNS: Mapping[str, tuple[str, str]] = {
    "input": ("input", "text"),
    "target_name": ("for", "text"),
    "class_before": ("seen before", "text"),
    "class_after": ("seen after", "text"),
    "success": ("success", ""),
    "success_8bit": ("as a file", ""),
    "valid": ("valid", ""),
    "loss": ("loss", ""),
    "linf": ("largest change", ""),
    "l2": ("L2 of the change", ""),
    "steps": ("steps", ""),
    "suspect": ("doubtful", ""),
    "seed": ("seed", ""),
}


def made_page(made: MadeInputs) -> str:
    """The page as HTML text."""
    kind = kind_for(made.input_kind, tuple(made.x.shape[1:]))
    for size in SIZES:
        store = Pictures(size)
        shown = [_pictures(made, number, store) for number in range(min(len(made.rows), MOST))]
        if store.characters <= LIMIT:
            break
    empty = {"suspect": False}  # not worth a column where nothing is
    columns = {
        key: look
        for key, look in COLUMNS.items()
        if any(row.get(key) not in (None, empty.get(key)) for row in made.rows)
    }
    rows = [
        plain({key: visible(row[key]) if isinstance(row.get(key), str) else row.get(key) for key in columns})
        | {"title": visible(_title(row)), "pictures": shown[number] if number < len(shown) else []}
        for number, row in enumerate(made.rows)
    ]
    attacked = made.sources is not None
    hint = "Left: the source. Middle: what was made of it. Right: the change." if attacked else "One picture an input."
    more = f" Pictures of the first {MOST:,}." if len(made.rows) > MOST else ""
    return render(
        "made.html",
        ("common.js", "tables.js", "made.js"),
        {
            "columns": [[key, heading, look] for key, (heading, look) in columns.items()],
            "rows": rows,
            "pictures": store.urls,
            "small": max(made.x.shape[2:] or (99,)) <= 64 and kind.blends,
        },
        title=made.title,
        about=f"{len(made.rows):,} {kind.one if len(made.rows) == 1 else kind.many}",
        cards=_cards(made.rows, kind.kept_as),
        heading="The inputs",
        hint=f"{hint}{more} The exact values are in inputs.safetensors, files in the folder inputs.",
        skipped=made.skipped,
        made={"command": made.command} | facts_of(made.description),
    )


def _pictures(made: MadeInputs, number: int, store: Pictures) -> list[list[Any]]:
    kind = kind_for(made.input_kind, tuple(made.x.shape[1:]))
    caption = visible(made.captions[number].partition("\n")[0])
    x = made.x[number]
    if made.sources is None:
        return [[store.add(x, made.input_kind), caption]]
    pixels, change = kind.change(x, made.sources[number])
    before = visible(made.source_captions[number]) if number < len(made.source_captions) else "source"
    return [
        [store.add(made.sources[number], made.input_kind), before],
        [store.add(x, made.input_kind), caption],
        [store.add_pixels(pixels, store.largest, 70, drawn=not kind.blends), visible(change)],
    ]


def _title(row: Mapping[str, Any]) -> str:
    if "input" in row:
        return f"{row['input']}: {row.get('class_before')} → {row.get('class_after')}"
    return f"{row.get('target_name', '')}, seed {row.get('seed')}"


def _cards(rows: Sequence[Mapping[str, Any]], kept_as: str) -> list[dict[str, Any]]:
    def share(key: str, text: str, **look: bool) -> list[dict[str, Any]]:
        known = [row[key] for row in rows if row.get(key) is not None]
        return [{"number": f"{sum(known):,} of {len(known):,}", "text": text} | look] if known else []

    def middle(key: str, text: str) -> list[dict[str, Any]]:
        known = [float(row[key]) for row in rows if row.get(key) is not None]
        return [{"number": f"{np.median(known):.3g}", "text": text}] if known else []

    away = any(row.get("away_from") is not None for row in rows)
    outside = sum(row.get("valid") is False for row in rows)
    return [
        *share("success", "led away from their class" if away else "led where they were wanted", accent=True),
        *share("success_8bit", f"still as {kept_as}"),
        *([{"number": f"{outside:,}", "text": "outside bounds or radius", "warn": True}] if outside else []),
        *middle("linf", "largest change, median"),
        *middle("l2", "L2 of the change, median"),
        *middle("loss", f"loss for the class {'to get away from' if away else 'wanted'}, median"),
    ]
