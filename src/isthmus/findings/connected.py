"""How many pairs of a group are connected, after how many rounds: what tables and figures of experiments share."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import Any

from isthmus.estimates import Estimate
from isthmus.studies import Group

PERCENT = frozenset({"direct", "after_1", "after_2", "end", "class_connected", "deviation"})
HEADINGS = MappingProxyType(
    {
        "direct": "direct",
        "after_1": "after 1 round",
        "after_2": "after 2",
        "end": "in the end",
        "class_connected": "class kept",
        "direct_gap": "median gap before",
        "deviation": "deviation",
        "cost": "forward-equivalents",
    }
)


def connected_row(group: Group) -> dict[str, Any]:
    """The values under these headings, of a group."""
    after = group.connected_after
    return {
        "direct": after[0],
        "after_1": after[min(1, len(after) - 1)],
        "after_2": after[min(2, len(after) - 1)],
        "end": after[-1],
        "class_connected": group.class_connected,
        "direct_gap": group.medians["direct_gap"],
        "deviation": group.deviation,
        "cost": group.cost,
    }


def in_percent(share: Estimate) -> Estimate:
    """A share with its interval, in per cent."""
    return replace(share, value=100 * share.value, low=100 * share.low, high=100 * share.high)
