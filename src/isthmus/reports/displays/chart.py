"""A chart of curves as SVG within a page: its text has the colour of the text around it, its lines hold on light and
dark.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from isthmus.reports.displays.card import text

WIDTH, HEIGHT = 560, 190
LEFT, RIGHT, TOP, BOTTOM = 56, 10, 8, 34  # margins
DECADES = 100.0  # of the highest by the lowest: from there on an axis is logarithmic
FLOOR = 1e-6


@dataclass(frozen=True, kw_only=True)
class Line:
    """A curve through points, interrupted where a number is none; without a colour it has that of the text, without a
    name no place in the legend.
    """

    x: Sequence[float]
    y: Sequence[float]
    name: str = ""
    color: str = "currentColor"
    width: float = 2.0
    faint: bool = False


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A point that stands out."""

    x: float
    y: float
    name: str
    color: str


def chart(
    lines: Sequence[Line],
    *,
    marks: Sequence[Mark] = (),
    level: tuple[float, str] | None = None,
    x_label: str = "",
    y_label: str = "",
) -> str:
    """Curves over one pair of axes, with a legend below.

    Args:
        lines: the curves.
        marks: points that stand out.
        level: a height at which a dashed line runs, and its name.
        x_label, y_label: what the axes are; the horizontal one has no numbers without a label.
    """
    values = [v for line in lines for v in line.y if math.isfinite(v)] + [m.y for m in marks if math.isfinite(m.y)]
    if not values:
        return f"<div>{text('no number to draw')}</div>"
    logarithmic = min(values) >= 0 and max(values) > DECADES * max(min(values), FLOOR)
    drawn = level is not None and (level[0] <= 1e4 * max(*values, 1e-9) or level[0] <= 1)
    if level is not None and drawn and math.isfinite(level[0]):
        values.append(level[0])

    def even(value: float) -> float:
        return math.log10(max(value, FLOOR)) if logarithmic else value

    low, high = min(map(even, values)), max(map(even, values))
    if not math.isfinite(high - low):
        return f"<div>{text('the values span too much to draw')}</div>"
    pad = max(0.06 * (high - low), 1e-6 * max(abs(low), abs(high))) or 0.5
    low, high = low - pad, high + pad
    right = max((x for line in lines for x in line.x if math.isfinite(x)), default=1.0) or 1.0

    def px(x: float) -> float:
        return LEFT + x / right * (WIDTH - LEFT - RIGHT)

    def py(y: float) -> float:
        return HEIGHT - BOTTOM - (even(y) - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    parts = [_axes(low, high, logarithmic, right, px, py, x_label, y_label)]
    named: list[tuple[str, str, str]] = []
    if level is not None and drawn and math.isfinite(level[0]):
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{py(level[0]):.1f}" y2="{py(level[0]):.1f}" '
            'stroke="currentColor" stroke-dasharray="5 4" stroke-width="1"/>'
        )
    if level is not None:
        named.append(("dash", "currentColor", level[1] if drawn else f"{level[1]} ({level[0]:.3g}, far above)"))
    for line in lines:
        faint = ' opacity=".35"' if line.faint else ""
        way = _way([px(x) for x in line.x], [py(y) if math.isfinite(y) else y for y in line.y])
        parts.append(
            f'<path d="{way}" fill="none" '
            f'stroke="{line.color}" stroke-width="{line.width:g}" stroke-linejoin="round"{faint}/>'
        )
        if line.name:
            named.append(("line", line.color, line.name))
    for mark in marks:
        if math.isfinite(mark.y):
            parts.append(f'<circle cx="{px(mark.x):.1f}" cy="{py(mark.y):.1f}" r="4.5" fill="{mark.color}"/>')
        if mark.name:
            named.append(("dot", mark.color, mark.name))
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{text(y_label)}" '
        f'style="width:100%;max-width:{WIDTH}px;height:auto;display:block;overflow:visible;color:inherit">'
        f"{''.join(parts)}</svg>{_legend(named)}"
    )


def bands(rows: Sequence[tuple[str, float, Sequence[tuple[float, float, str, str]]]]) -> str:
    """Rows of stretches (begin, end, name, colour) below a chart, each row with a name and how far it reaches."""
    right = max((reach for _, reach, _ in rows), default=1.0) or 1.0
    inner, height = WIDTH - LEFT - RIGHT, 18
    parts = []
    for place, (name, reach, stretches) in enumerate(rows):
        y = place * (height + 3)
        parts.append(f'<text x="{LEFT - 6}" y="{y + 13}" text-anchor="end" {_WORDS}>{text(name)}</text>')
        for begin, end, label, color in stretches:
            x, width = LEFT + begin * reach / right * inner, (end - begin) * reach / right * inner
            parts.append(
                f'<rect x="{x:.1f}" y="{y}" width="{max(width, 0.8):.1f}" height="{height}" fill="{color}">'
                f"<title>{text(label)}</title></rect>"
            )
            if width > 6.5 * len(label) + 6:
                parts.append(
                    f'<text x="{x + width / 2:.1f}" y="{y + 13}" text-anchor="middle" font-size="11" fill="#111">'
                    f"{text(label)}</text>"
                )
    tall = len(rows) * (height + 3)
    return (
        f'<svg viewBox="0 0 {WIDTH} {tall}" role="img" aria-label="predicted class" '
        f'style="width:100%;max-width:{WIDTH}px;height:auto;display:block;margin-top:.3em;color:inherit">'
        f"{''.join(parts)}</svg>"
    )


_WORDS = 'font-size="11" fill="currentColor"'


def _way(x: Sequence[float], y: Sequence[float]) -> str:
    """Points as the data of an SVG path."""
    parts, pen = [], "M"
    for across, up in zip(x, y, strict=True):
        if not math.isfinite(up):
            pen = "M"
            continue
        parts.append(f"{pen}{across:.1f} {up:.1f}")
        pen = "L"
    return "".join(parts)


def _axes(
    low: float,
    high: float,
    logarithmic: bool,
    right: float,
    px: Callable[[float], float],
    py: Callable[[float], float],
    x_label: str,
    y_label: str,
) -> str:
    parts = []
    for tick in _ticks(low, high, logarithmic):
        y = py(tick)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="currentColor" opacity=".13"/>'
            f'<text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end" {_WORDS}>{_tick(tick)}</text>'
        )
    base = HEIGHT - BOTTOM
    parts += [
        f'<text x="{px(tick):.1f}" y="{base + 14}" text-anchor="middle" {_WORDS}>{tick:g}</text>'
        for tick in (_nice(0.0, right, 5) if x_label else ())
    ]
    parts.append(
        f'<path d="M{LEFT} {TOP}V{base}H{WIDTH - RIGHT}" fill="none" stroke="currentColor" opacity=".6"/>'
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 5}" text-anchor="middle" {_WORDS}>{text(x_label)}</text>'
        f'<text transform="translate(9 {(TOP + base) / 2}) rotate(-90)" text-anchor="middle" {_WORDS}>'
        f"{text(y_label)}</text>"
    )
    return "".join(parts)


def _ticks(low: float, high: float, logarithmic: bool) -> list[float]:
    if not logarithmic:
        return _nice(low, high, 4)
    whole = range(math.ceil(low), math.floor(high) + 1)
    step = max(1, math.ceil(len(whole) / 5))
    found = [10.0**power for power in whole if power % step == 0]
    return found if len(found) > 1 else [10.0**power for power in whole]


def _tick(value: float) -> str:
    """A number as short as an axis wants it."""
    if value and not 1e-3 <= abs(value) < 1e5:
        head, _, power = f"{value:.0e}".partition("e")
        return f"{head}e{int(power)}"
    return f"{value:g}"


def _nice(low: float, high: float, count: int) -> list[float]:
    """Round numbers between two others, about so many."""
    raw = (high - low) / count
    power = 10.0 ** math.floor(math.log10(raw)) if raw > 0 else 1.0
    step = next(power * digit for digit in (1, 2, 5, 10) if power * digit >= raw)
    first = math.ceil(low / step - 1e-9)
    return [round(k * step, 12) for k in range(first, math.floor(high / step + 1e-9) + 1)]


def _legend(named: Sequence[tuple[str, str, str]]) -> str:
    shapes = {
        "line": '<line x1="1" x2="19" y1="6" y2="6" stroke="{0}" stroke-width="3"/>',
        "dash": '<line x1="1" x2="19" y1="6" y2="6" stroke="{0}" stroke-dasharray="5 4"/>',
        "dot": '<circle cx="10" cy="6" r="4.5" fill="{0}"/>',
    }
    entries = "".join(
        f'<span style="white-space:nowrap"><svg width="20" height="12" '
        f'style="display:inline-block;vertical-align:-1px;color:inherit">'
        f"{shapes[kind].format(color)}</svg> {text(name)}</span>"
        for kind, color, name in dict.fromkeys(named)
    )
    return f'<div style="display:flex;flex-wrap:wrap;gap:.1em 1.1em;font-size:.85em;padding-left:4em">{entries}</div>'
