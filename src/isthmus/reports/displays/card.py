"""A card: what every display is made of. Styles stand in the elements themselves, so that none reaches the notebook,
and colours are those of the text around it, or hold on light and dark.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from html import escape

from isthmus._core.shapes import Input
from isthmus._core.text import visible
from isthmus.inputs.kinds import InputKind
from isthmus.reports import style
from isthmus.reports.pictures import Pixels, to_pixels
from isthmus.reports.stored_pictures import Pictures

LINE = "rgba(128,128,128,.35)"
QUIET = "opacity:.72"
MOST_SIDE = 112  # pixels of a picture, which is shown at MOST_SHOWN
MOST_SHOWN = 84
MOST_DRAWN = 168
QUALITY = 85  # of those that are stored as JPEG
GOOD, BAD = style.BYPASS, style.ATTACKED


def card(heading: str, *blocks: str, state: bool | None = None) -> str:
    """A framed piece of HTML.

    Args:
        heading: plain text.
        blocks: HTML, from the functions below.
        state: whether what it is about is as one would wish: a dot before the heading.
    """
    dot = "" if state is None else f'<span style="color:{GOOD if state else BAD}">●</span> '
    return (
        f'<div style="border:1px solid {LINE};border-radius:6px;padding:.6em .9em .7em;max-width:46em;'
        'overflow-x:auto;line-height:1.45">'
        f'<div style="font-weight:600;margin-bottom:.35em">{dot}{text(heading)}</div>{"".join(blocks)}</div>'
    )


def text(value: object) -> str:
    """Anything as text of a page; what is invisible becomes visible."""
    return escape(visible(str(value)))


def facts(values: Mapping[str, object]) -> str:
    """Names and values, side by side; None is left out."""
    cells = "".join(
        f'<div style="{QUIET}">{text(name)}</div><div>{text(value)}</div>'
        for name, value in values.items()
        if value is not None
    )
    return f'<div style="display:grid;grid-template-columns:max-content 1fr;column-gap:1.2em">{cells}</div>'


def table(
    headings: Sequence[str], rows: Sequence[Sequence[object]], *, words: Collection[int] = (), note: str = ""
) -> str:
    """A table, in which some columns hold words and stand left, and the others numbers."""
    look = f"padding:.1em .8em .1em 0;border:0;border-bottom:1px solid {LINE};background:transparent;"

    def cell(kind: str, value: object, column: int) -> str:
        side = "left" if column in words else "right"
        weight = "font-weight:600;" if kind == "th" else ""
        return f'<{kind} style="{look}{weight}text-align:{side};white-space:nowrap">{text(value)}</{kind}>'

    head = "".join(cell("th", value, column) for column, value in enumerate(headings))
    body = "".join(
        f'<tr style="background:transparent">{"".join(cell("td", v, k) for k, v in enumerate(row))}</tr>'
        for row in rows
    )
    return (
        '<table style="border-collapse:collapse;font-size:1em;color:inherit;margin:.3em 0;'
        'font-variant-numeric:tabular-nums;background:transparent">'
        f'<thead><tr style="background:transparent">{head}</tr></thead><tbody>{body}</tbody></table>'
        + (paragraph(note) if note else "")
    )


def paragraph(words: str) -> str:
    """A line of quiet words."""
    return f'<div style="{QUIET};font-size:.92em">{text(words)}</div>'


def pictures(shown: Sequence[tuple[Pixels, str, str]], *, kind: InputKind | None = None) -> str:
    """Pictures in a row: pixels, a caption, and the colour of the frame (none where that is empty); larger for kinds of
    inputs whose pictures have letters and lines.
    """
    drawn = kind is not None and not kind.blends
    return (
        '<div style="display:flex;flex-wrap:wrap;gap:.5em;margin:.45em 0">'
        + "".join(_picture(*each, drawn=drawn) for each in shown)
        + "</div>"
    )


def of_inputs(
    inputs: Sequence[Input], captions: Sequence[str], colors: Sequence[str] = (), *, kind: InputKind | None = None
) -> str:
    """Inputs as pictures in a row."""
    return pictures(
        [
            (to_pixels(x, kind), caption, colors[number] if colors else "")
            for number, (x, caption) in enumerate(zip(inputs, captions, strict=True))
        ],
        kind=kind,
    )


def _picture(pixels: Pixels, caption: str, color: str, *, drawn: bool) -> str:
    height, width = pixels.shape[:2]
    most = MOST_DRAWN if drawn else MOST_SHOWN
    sharp = "" if drawn else "image-rendering:pixelated;"
    frame = f"outline:2px solid {color};outline-offset:1px;" if color else ""
    side = most / max(height, width)
    shown_width, shown_height = max(1, round(width * side)), max(10 if height == 1 else 1, round(height * side))
    return (
        f'<div style="width:{most}px;text-align:center;font-size:.78em;line-height:1.25">'
        f'<img alt="{text(caption)}" src="{url(pixels, drawn=drawn)}" style="width:{shown_width}px;'
        f'height:{shown_height}px;max-width:none;margin:2px auto;display:block;{sharp}{frame}">{text(caption)}</div>'
    )


def url(pixels: Pixels, *, drawn: bool = False) -> str:
    """Pixels as an address that holds them."""
    side = max(pixels.shape[:2]) if drawn else MOST_SIDE
    store = Pictures(side)
    return store.urls[store.add_pixels(pixels, side, QUALITY, drawn=drawn)]


def number(value: float) -> str:
    """A number of three digits; what is none, in words."""
    if math.isfinite(value):
        return f"{value:.3g}"
    return "not a number" if math.isnan(value) else "infinite"
