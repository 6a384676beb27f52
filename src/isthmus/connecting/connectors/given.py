"""A method as it may be given: itself, or the name that the command line and studies know it by."""

from __future__ import annotations

from isthmus import registries
from isthmus.connecting.connectors.barrier_bypass import BarrierBypass
from isthmus.connecting.connectors.base import AnyConnector


def connector_of(method: AnyConnector | str | None) -> AnyConnector:
    """What connects; `BarrierBypass()` by default.

    Raises:
        UnknownNameError: no method has that name; it says which there are.
    """
    if method is None:
        return BarrierBypass()
    return registries.METHODS.make(method) if isinstance(method, str) else method
