"""Random numbers come from explicit generators; the global ones are never seeded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch

from isthmus.errors import InputError


def generator(seed: int) -> torch.Generator:
    """A CPU generator that always starts the same for the same seed.

    Raises:
        InputError: the seed is no whole number of 64 bits.
    """
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not -(2**63) <= seed < 2**63:
        raise InputError(f"A seed must be a whole number between -2^63 and 2^63 - 1, got {seed!r}.")
    return torch.Generator().manual_seed(int(seed))


def numpy_generator(seed: int | Sequence[int]) -> np.random.Generator:
    """The same of NumPy, from a seed or several.

    Raises:
        InputError: a seed is no whole number >= 0.
    """
    parts: Any = [seed] if isinstance(seed, int | np.integer) else seed
    several = isinstance(parts, list | tuple) and len(parts) > 0
    if not several or not all(isinstance(each, int | np.integer) and each >= 0 for each in parts):
        raise InputError(f"A seed must be a whole number >= 0, or several, got {seed!r}.")
    return np.random.default_rng(seed)


@contextmanager
def lent_seed(seed: int) -> Iterator[None]:
    """For code that knows only the global CPU generator: it is lent a seed, and the caller's state comes back."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
