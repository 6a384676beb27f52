"""How a result was made, as the foot of its page says it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def how_made(description: Mapping[str, Any], *, inputs: str, command: str, **more: Any) -> dict[str, Any]:
    """What a page says of its making; what is not known is left out.

    Args:
        description: of a result: network, method, seed, versions.
        inputs: which take part.
        command: that made it.
        more: what else is to be said, or said otherwise than in the description.
    """
    network = description.get("network") or {}
    made = {
        "inputs": inputs,
        "command": command,
        "network": network.get("name"),
        "weights SHA-256": network.get("weights_sha256"),
        "method": description.get("method"),
        "threshold": description.get("threshold"),
        "seed": description.get("seed"),
        "versions": ", ".join(f"{k} {v}" for k, v in description.get("versions", {}).items()),
        **more,
    }
    return {key: value for key, value in made.items() if value not in (None, "")}
