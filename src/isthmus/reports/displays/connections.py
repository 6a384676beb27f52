"""Displays of connections."""

from __future__ import annotations

import math

from isthmus.connecting.connection import Connection
from isthmus.connecting.connections import Connections
from isthmus.reports import style
from isthmus.reports.displays.base import display_of
from isthmus.reports.displays.card import card, facts, number, paragraph, pictures, table
from isthmus.reports.displays.chart import Mark, bands, chart
from isthmus.reports.displays.paths import line_of
from isthmus.reports.profile_figure import class_bands
from isthmus.reports.summary import summarize

MOST_ROWS = 10


@display_of.register
def of_connection(pair: Connection) -> str:
    """Both curves, the classes along them, and the inputs that matter: A, B, B′ and C."""
    reach = pair.path.length_ratio if math.isfinite(pair.path.length_ratio) else 1.0
    lines = [line_of(pair.direct, 1.0, "direct path", style.DIRECT)]
    rows = [("direct", 1.0, _stretches(pair, found=False))]
    marks = [Mark(x=pair.direct.argmax_t, y=pair.direct.max_loss, name="peak B", color=style.PEAK)]
    if pair.moved:
        lines.append(line_of(pair.profile, reach, "path found", style.FOUND))
        rows.append(("found", reach, _stretches(pair, found=True)))
        for t, number_of_round in zip(pair.path.corners.tolist(), pair.vertex_rounds, strict=False):
            if number_of_round:
                loss = float(pair.profile.loss[int((pair.profile.t - t).abs().argmin())])
                marks.append(Mark(x=t * reach, y=loss, name="B′", color=style.BYPASS))
    certificate = None if pair.certificate is None else str(pair.certificate)
    return card(
        f"{pair.name_of(pair.target)}: {pair.verdict}",
        chart(
            lines,
            marks=marks,
            level=(pair.threshold, "threshold"),
            x_label="arc length / |AC|",
            y_label="loss",
        ),
        bands(rows),
        _inputs(pair),
        facts(
            {
                "max loss": f"{number(pair.direct.max_loss)} direct, {number(pair.profile.max_loss)} on the path found",
                "threshold": number(pair.threshold),
                "deviation": style.percent(pair.path.deviation) if pair.moved else "0: the direct path",
                "class": "kept all along" if pair.class_connected else "not kept all along",
                "certificate": certificate,
                "cost": f"{pair.forward_equivalents:,} forward-equivalents; rounds: {pair.rounds}",
            }
        ),
        state=pair.connected,
    )


@display_of.register
def of_connections(found: Connections) -> str:
    """Counts, and the pairs with the highest direct barriers."""
    if not len(found):
        return card("No pairs")
    summary = summarize(found)
    order = sorted(range(len(found)), key=lambda k: -_height(found[k]))[:MOST_ROWS]
    rows = [
        (
            k,
            style.shorten(pair.name_of(pair.target), 24),
            number(pair.direct.max_loss),
            number(pair.profile.max_loss),
            number(pair.threshold),
            style.percent(pair.path.deviation),
            "yes" if pair.connected else "no",
        )
        for k, pair in ((k, found[k]) for k in order)
    ]
    left_out = len(found) - len(rows)
    note = f"The highest of {len(found):,}; .table() has all, [k] one of them." if left_out else ""
    certified = f"{summary.certified} of {summary.pairs}" if summary.certified else None
    heading = f"{summary.connected} of {summary.pairs} pairs connected, {summary.connected_directly} by the direct path"
    return card(
        heading,
        facts(
            {
                "keep their class": f"{summary.class_connected} of {summary.pairs}",
                "certified": certified,
                "deviation, mean": _percent(summary.mean_deviation_of_bypassed),
                "cost, median": None
                if summary.median_forward_equivalents is None
                else f"{summary.median_forward_equivalents:,.0f} forward-equivalents a pair",
            }
        ),
        table(("pair", "class", "direct max", "found max", "threshold", "deviation", "connected"), rows, words=(1, 6)),
        paragraph(note) if note else "",
        state=summary.connected == summary.pairs,
    )


def _inputs(pair: Connection) -> str:
    (a, c), kind = pair.path.ends, pair.drawn_as
    b = pair.direct_path.at(pair.direct.argmax_t)
    shown = [
        (kind.pixels(a), "A", style.DIRECT),
        (kind.pixels(b), f"B, loss {number(pair.direct.max_loss)}", style.PEAK),
    ]
    if pair.aside_t is not None:
        aside = pair.path.at(pair.aside_t)
        pixels, caption = kind.change(aside, b)
        shown += [(kind.pixels(aside), "B′", style.BYPASS), (pixels, f"B′ − B, {caption}", "")]
    row = pictures([*shown, (kind.pixels(c), "C", style.DIRECT)], kind=kind)
    said = "" if pair.aside_t is None else kind.reading(pair.path.at(pair.aside_t), b)
    return row + (paragraph(f"B′ against B: {said}.") if said else "")


def _stretches(pair: Connection, *, found: bool) -> list[tuple[float, float, str, str]]:
    both = [*pair.direct.predicted.tolist(), *(pair.profile.predicted.tolist() if pair.moved else [])]
    colors = style.band_colors(both, pair.target)
    profile = pair.profile if found else pair.direct
    return [
        (begin, end, style.shorten(pair.name_of(index), 22), colors[index])
        for begin, end, index in class_bands(profile)
    ]


def _height(pair: Connection) -> float:
    """By which pairs are ordered: those that could not be measured first."""
    return pair.direct.max_loss if math.isfinite(pair.direct.max_loss) else math.inf


def _percent(value: float | None) -> str | None:
    return None if value is None else f"{style.percent(value)} of the distance of the ends"
