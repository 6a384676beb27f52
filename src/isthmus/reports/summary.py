"""Summary: a run in a few numbers."""

from __future__ import annotations

import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from isthmus.connecting.connection import Connection, Outcome


@dataclass(frozen=True, kw_only=True)
class Summary:
    """Counts over all pairs; medians over the pairs whose losses are finite.

    Attributes:
        certified: pairs whose whole path was shown to stay at or below the threshold.
        connected_after: pairs connected after 0, 1, 2, ... rounds at most; the first counts direct paths.
    """

    pairs: int
    connected_directly: int
    connected: int
    class_connected: int
    connected_after: tuple[int, ...]
    certified: int
    outcomes: dict[str, int]
    not_finite: int
    median_direct_max_loss: float | None
    median_max_loss: float | None
    median_direct_gap: float | None
    median_gap: float | None
    mean_deviation_of_bypassed: float | None
    median_forward_equivalents: float | None

    def describe(self) -> dict[str, Any]:
        """As a dict ready for JSON."""
        return asdict(self)


def summarize(pairs: Sequence[Connection]) -> Summary:
    """The summary of some pairs."""
    counted = [p for p in pairs if p.outcome is not Outcome.NOT_FINITE]
    rounds = Counter(0 if p.direct_connected else p.rounds for p in pairs if p.connected or p.direct_connected)
    most = max((p.rounds for p in pairs), default=0)
    deviations = (p.path.deviation for p in counted if p.moved)
    bypassed = [value for value in deviations if math.isfinite(value)]  # a loop has none
    return Summary(
        pairs=len(pairs),
        connected_directly=sum(p.direct_connected for p in pairs),
        connected=sum(p.connected for p in pairs),
        class_connected=sum(p.class_connected for p in counted),
        connected_after=tuple(sum(rounds[k] for k in range(number + 1)) for number in range(most + 1)),
        certified=sum(p.certified for p in pairs),
        outcomes=dict(Counter(str(p.outcome) for p in pairs).most_common()),
        not_finite=sum(p.outcome is Outcome.NOT_FINITE for p in pairs),
        median_direct_max_loss=_median([p.direct.max_loss for p in counted]),
        median_max_loss=_median([p.profile.max_loss for p in counted]),
        median_direct_gap=_median([p.direct.gap for p in counted]),
        median_gap=_median([p.profile.gap for p in counted]),
        mean_deviation_of_bypassed=statistics.fmean(bypassed) if bypassed else None,
        median_forward_equivalents=_median([p.forward_equivalents for p in counted]),
    )


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None
