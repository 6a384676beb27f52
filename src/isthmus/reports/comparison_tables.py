"""The tables of a comparison, as texts: every run beside the first, how paths carry over, and what must be said."""

from __future__ import annotations

import math

from isthmus.comparing import Comparison
from isthmus.estimates import Estimate

PER_CENT = ("direct_connected", "connected", "class_connected", "deviation")
WORDS = {
    "direct_connected": "connected by the direct path",
    "connected": "connected",
    "class_connected": "class kept all along",
    "direct_max_loss": "max loss, direct path",
    "max_loss": "max loss",
    "direct_gap": "gap, direct path",
    "gap": "gap",
    "deviation": "deviation",
    "length_ratio": "length ratio",
    "forward_equivalents": "forward-equivalents",
}

WHOLE = 0.995  # as far as the path found, but for rounding

Table = tuple[tuple[str, ...], list[tuple[str, ...]]]


def compared(found: Comparison) -> Table:
    """A row for each measure and run: what it is in the first run and in this one, and the paired difference. Which run
    that is has a column where there are more than two.
    """
    other = found.names[1] if len(found.names) == 2 else "this run"
    headings = ("measure", "run", "of pairs", found.names[0], other, "difference", "higher", "lower", "pairs")
    order = list(WORDS)
    by_measure = sorted(found.differences(), key=lambda e: (order.index(e.measure), found.names.index(e.run)))
    rows: list[tuple[str, ...]] = [
        (
            WORDS[each.measure],
            each.run,
            each.statistic,
            _value(each.baseline_value, each.measure),
            _value(each.value, each.measure),
            _estimate(each.difference, each.measure),
            f"{100 * each.higher:.0f} %" if each.pairs else "–",
            f"{100 * each.lower:.0f} %" if each.pairs else "–",
            f"{each.pairs:,}",
        )
        for each in by_measure
    ]
    if len(found.names) == 2:
        return headings[:1] + headings[2:], [row[:1] + row[2:] for row in rows]
    return headings, rows


def transferred(found: Comparison) -> Table:
    """A row for each pair of networks and kind of path, apart for pairs whose straight path is low there already."""
    headings = (
        "found on",
        "looked at on",
        "straight path there",
        "path",
        "stays low",
        "found less this",
        "gap",
        "pairs",
    )
    rows: list[tuple[str, ...]] = [
        (
            each.found_on,
            each.on,
            "too high" if each.blocked else "low",
            each.path + (f" ({each.bent:.0%} as far)" if each.path == "mirrored" and each.bent < WHOLE else ""),
            _estimate(each.low, "connected", signed=False),
            _estimate(each.less, "connected"),
            _estimate(each.gap, "gap", signed=False),
            f"{each.pairs:,}",
        )
        for each in found.transfer
        # On the network where it was found a path is low, and a straight one is not, by choice of the pairs.
        if not (each.path == "direct" and each.blocked) and each.found_on != each.on
    ]
    return headings, rows


def words_of(table: Table) -> int:
    """How many of its first columns hold words."""
    return next(number for number, name in enumerate(table[0], start=1) if name in ("of pairs", "path"))


def remarks(found: Comparison) -> list[str]:
    """What a reader must know: pairs that were left out, other targets, other units."""
    notes = [
        f"{name}: {count:,} pairs are not in all runs and were left out."
        for name, count in found.left_out.items()
        if count
    ]
    if found.other_targets:
        notes.append(
            f"{found.other_targets:,} pairs do not have the same target in all runs: there the runs answer different "
            "questions."
        )
    if found.unit is None:
        units = ", ".join(f"{run.name}: {run.unit}" for run in found.runs)
        notes.append(f"The losses of the runs have different units ({units}) and are not compared.")
    if found.asked and not found.transfer:
        notes.append("No pair was connected by a bypass on any of these networks: there is nothing to carry over.")
    lost = sum(each.left_out for each in found.transfer)
    if lost:
        notes.append(f"{lost:,} paths have losses that are not finite on another network, and were left out.")
    if found.differences():
        notes.append(
            "A difference is that within pairs: of medians it is the median of all pairs' differences, which need not "
            "be the difference of the two medians."
        )
    return notes


def _value(value: float, measure: str) -> str:
    if not math.isfinite(value):
        return "–"
    return f"{100 * value:.3g} %" if measure in PER_CENT else f"{value:.3g}"


def _estimate(estimate: Estimate, measure: str, *, signed: bool = True) -> str:
    if not math.isfinite(estimate.value):
        return "–"
    # A share that rises from 25 to 50 % rises by 25 points.
    times, unit = (100, " points" if signed else " %") if measure in PER_CENT else (1, "")
    sign = "+" if signed else ""
    middle = f"{times * estimate.value:{sign}.3g}{unit}"
    if not (math.isfinite(estimate.low) and math.isfinite(estimate.high)):
        return middle
    return f"{middle} ({times * estimate.low:{sign}.3g} to {times * estimate.high:{sign}.3g})"
