"""Members of a family by name, with those options of a command as settings that they know."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, TypeVar

from isthmus._core.registry import Registry
from isthmus.errors import InputError

T = TypeVar("T")


def member(registry: Registry[T], name: str, given: Mapping[str, Any], silent: Mapping[str, Any] | None = None) -> T:
    """The member of that name.

    Args:
        registry: of its family.
        name: of the member.
        given: options by the names of settings; None for those that were not given. `steps` may be called `max_steps`.
        silent: settings for those that know them.

    Raises:
        SpecError: there is none of that name.
        InputError: an option was given that it does not know.
    """
    maker = registry.maker(name)
    known = inspect.signature(maker).parameters if callable(maker) else {}
    settings = {key: value for key, value in (silent or {}).items() if key in known}
    for key, value in given.items():
        if value is None:
            continue
        own = next((each for each in (key, f"max_{key}") if each in known), None)
        if own is None:
            raise InputError(f"--{key.replace('_', '-')}: the {registry.family} '{name}' knows no such setting.")
        settings[own] = value
    return registry.make(name, **settings)
