"""Fingerprint: what must stay the same for a study to go on, and the names of what differs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from isthmus._core.files import as_read, sha256
from isthmus._core.registry import OWN, source_of
from isthmus._core.versions import versions
from isthmus.studies.config import Config

FREE = ("title",)  # what may change without changing a number
APART = (
    "cli",
    "detection",
    "estimates",
    "experiments",
    "findings",
    "percolation",
    "reports",
    "testing",
)  # packages that no stored number comes from


def fingerprint(
    config: Config, landscapes: Mapping[str, Mapping[str, Any]], inputs: Mapping[str, str]
) -> dict[str, Any]:
    """Everything that the rows of a study depend on, ready for JSON.

    Args:
        config: the study.
        landscapes: the identity of the landscape of each network.
        inputs: a digest over names and contents of each collection.
    """
    configuration = {key: value for key, value in config.model_dump(mode="json").items() if key not in FREE}
    made = {
        "configuration": configuration,
        "networks": landscapes,
        "inputs": inputs,
        "code": {"source": code_digest()}
        | {name: versions()[name] for name in ("isthmus", "torch")}
        | own_code(configuration),
    }
    return as_read(made)


def differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """What differs, in words, such as `connect.settings.rounds (4, now 3)`."""
    found: list[str] = []
    _compare("", before.get("configuration", {}), now["configuration"], found)
    for name, landscape in now["networks"].items():
        earlier = dict(before.get("networks", {}).get(name, {}))
        weights = [dict(d.get("network") or {}).get("weights_sha256") for d in (earlier, landscape)]
        if weights[0] != weights[1]:
            found.append(f"the weights of network {name}")
        elif earlier != landscape:
            _compare(f"network {name}: ", earlier, landscape, found)
    found += [
        f"the inputs {name}" for name, digest in now["inputs"].items() if before.get("inputs", {}).get(name) != digest
    ]
    _compare("the code version: ", before.get("code", {}), now["code"], found)
    return found


def own_code(configuration: Any) -> dict[str, str]:
    """SHA-256 of every module of somebody's own that a configuration names, beside that of networks."""
    if isinstance(configuration, str) and configuration.startswith(OWN):
        file = source_of(configuration)
        return {} if file is None else {configuration: sha256(file)}
    parts = configuration.values() if isinstance(configuration, dict) else configuration
    if not isinstance(configuration, dict | list):
        return {}
    found: dict[str, str] = {}
    for part in parts:
        found |= own_code(part)
    return found


@cache
def code_digest() -> str:
    """SHA-256 over the source files from which numbers come: a version alone says nothing while one develops."""
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for file in sorted(root.rglob("*.py")):
        part = file.relative_to(root)
        if part.parts[0] not in APART:
            digest.update(f"{part.as_posix()}\n".encode() + file.read_bytes())
    return digest.hexdigest()


def _compare(place: str, before: Any, now: Any, found: list[str]) -> None:
    """Collects the keys under which two JSON values differ."""
    if isinstance(before, dict) and isinstance(now, dict):
        joint = "" if not place or place.endswith(": ") else "."
        for key in [*now, *(key for key in before if key not in now)]:
            _compare(f"{place}{joint}{key}", before.get(key), now.get(key), found)
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for number, (one, other) in enumerate(zip(before, now, strict=True)):
            _compare(f"{place}.{number}", one, other, found)
    elif before != now:
        found.append(f"{place} ({_short(before)}, now {_short(now)})")


def _short(value: Any) -> str:
    text = "absent" if value is None else json.dumps(value)
    return text if len(text) <= 24 else text[:20] + "…"
