"""Versions of what a result was made with."""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version


def versions_in_words(given: Mapping[str, str] | None = None) -> str:
    """Those of `versions`, or others, in a line."""
    return ", ".join(f"{library} {number}" for library, number in (given or versions()).items())


def versions() -> dict[str, str]:
    """Versions of Isthmus, Python and the libraries that numbers depend on."""
    found = {"python": platform.python_version()}
    for name in ("isthmus", "torch", "numpy"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:  # run from a source tree that was not installed
            found[name] = "unknown"
    return found
