"""Containers: what training code saves around a state dict, and the prefixes that wrappers put before its keys."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor

CONTAINERS = ("state_dict", "model_state_dict", "model", "net", "network", "weights", "params")
AVERAGED = ("state_dict_ema", "model_ema", "ema_state_dict", "ema", "ema_model", "params_ema")  # only when asked for
PREFIXES = ("module.", "_orig_mod.", "model.", "backbone.", "net.", "network.", "encoder.")
COUNTERS = ("n_averaged", "total_ops", "total_params")  # of averaging and of profilers; no weights


def opened(found: Any, key: str | None) -> tuple[dict[str, Tensor] | None, list[str], list[str]]:
    """The state dict in what a file holds, the keys that lead to it, and those beside it that were not taken.

    Args:
        found: what the file holds.
        key: the container that is asked for; by default the first of the usual ones.
    """
    way: list[str] = []
    left: list[str] = []
    if key is not None:
        if not isinstance(found, Mapping) or key not in found:
            return None, [key], []
        found, way = found[key], [key]
    for _ in range(4):
        if not isinstance(found, Mapping):
            return None, way, left
        state = {str(name): value for name, value in found.items() if isinstance(value, Tensor)}
        if len(state) == len(found):
            return state, way, left
        inside = next((name for name in CONTAINERS if isinstance(found.get(name), Mapping)), None)
        if inside is None:
            return None, way, left
        left += [name for name in (*CONTAINERS, *AVERAGED) if name != inside and isinstance(found.get(name), Mapping)]
        found, way = found[inside], [*way, inside]
    return None, way, left


def without_prefix(state: Mapping[str, Tensor], own: Iterable[str]) -> tuple[dict[str, Tensor], str]:
    """The state dict with its keys as the network has them, and the prefix that was taken off.

    A prefix goes only where every key has it, and where the network's keys have it not.
    """
    names, taken = dict(state), ""
    keys = set(own)
    for _ in range(4):
        if keys & set(names):
            break
        prefix = next(
            (
                each
                for each in PREFIXES
                if names and all(name.startswith(each) or _last(name) in COUNTERS for name in names)
            ),
            None,
        )
        if prefix is None:
            break
        names, taken = {name.removeprefix(prefix): value for name, value in names.items()}, taken + prefix
    return names, taken


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def superfluous(names: Iterable[str]) -> list[str]:
    """Keys that no network needs for what it computes: counters, and auxiliary heads, which only training uses."""
    return [name for name in names if _last(name) in COUNTERS or "aux" in name.partition(".")[0].lower()]
