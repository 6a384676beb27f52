"""The kind of the inputs of a result, from what the result keeps of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from isthmus import registries
from isthmus.errors import InputError, UnknownNameError
from isthmus.inputs.kinds.base import InputKind


def check_kind(description: Mapping[str, Any], kind: InputKind) -> None:
    """Raises an InputError where numbers of a result mean something else to a kind of inputs than where it was made."""
    network = description.get("network")
    made = network.get("inputs") if isinstance(network, Mapping) else None
    if not isinstance(made, Mapping):
        return
    known = restored(description)
    before = known.numbers() if known is not None and known.complete else made
    # As files hold them, where tuples are lists.
    now, then = (json.loads(json.dumps(each, default=str)) for each in (kind.numbers(), dict(before)))
    differ = [key for key, value in now.items() if value != then.get(key)]
    if differ:
        raise InputError(
            f"input_kind is not what the inputs of this result are (other {', '.join(differ)}): give that of the "
            "network on which it was made."
        )


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
