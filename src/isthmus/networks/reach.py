"""Reach: whether the Hugging Face hub answers, asked once. Its library asks five times a file, for up to a minute."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WAIT = 5.0  # seconds for an answer, whatever it says


@contextlib.contextmanager
def asked_once(name: str = "") -> Iterator[None]:
    """Inside, files of the hub come from the cache, where they are, if the hub does not answer.

    Args:
        name: of what is to be read; of a local folder nobody is asked.
    """
    try:
        from huggingface_hub import constants, get_session
    except ImportError:
        yield
        return
    hub: Any = constants
    if hub.HF_HUB_OFFLINE or (name and Path(name).is_dir()) or _answers(get_session, hub.ENDPOINT):
        yield
        return
    hub.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        hub.HF_HUB_OFFLINE = False


def _answers(get_session: Any, address: str) -> bool:
    try:
        get_session().head(address, timeout=WAIT)
    except Exception:  # noqa: BLE001 (proxies, names and connections fail in many ways)
        return False
    return True
