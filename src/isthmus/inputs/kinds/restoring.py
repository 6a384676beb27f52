"""The kind of the inputs of a result, from what the result keeps of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isthmus import registries
from isthmus.errors import UnknownNameError
from isthmus.inputs.kinds.base import InputKind


def restored(description: Mapping[str, Any]) -> InputKind | None:
    """The kind of the inputs of a result, from its description; None where it says nothing, or it is not known here."""
    network = description.get("network")
    found = network.get("inputs") if isinstance(network, Mapping) else None
    if not isinstance(found, Mapping):
        return None
    try:
        return registries.INPUT_KINDS.maker(str(found.get("kind"))).of_description(found)  # type: ignore[no-any-return]
    except UnknownNameError:
        return None
