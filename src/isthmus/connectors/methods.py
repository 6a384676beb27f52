"""Methods: the connectors by the names that the program and study files use."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from isthmus.connectors.barrier_bypass import BarrierBypass
from isthmus.connectors.base import Connector
from isthmus.connectors.straight_line import StraightLine

METHODS: Mapping[str, Callable[[], Connector]] = {
    "bypass": BarrierBypass,
    "paper": BarrierBypass.paper,
    "straight": StraightLine,
}
