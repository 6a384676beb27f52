"""Connecting: from pairs of inputs to connections. A connector proposes, a profile judges, a certificate shows."""

from isthmus.connecting.connection import Connection, Outcome
from isthmus.connecting.connections import Connections
from isthmus.connecting.kept import AsKept, Kept, KeptOutcome, as_kept
from isthmus.connecting.loop import SLACK, Interrupted, connect
from isthmus.connecting.measuring import Measurement, measure

__all__ = [
    "SLACK",
    "AsKept",
    "Connection",
    "Connections",
    "Interrupted",
    "Kept",
    "KeptOutcome",
    "Measurement",
    "Outcome",
    "as_kept",
    "connect",
    "measure",
]
