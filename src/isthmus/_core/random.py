"""Random numbers come from explicit generators; the global ones are never seeded."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


def generator(seed: int) -> torch.Generator:
    """A CPU generator that always starts the same for the same seed."""
    return torch.Generator().manual_seed(seed)


@contextmanager
def lent_seed(seed: int) -> Iterator[None]:
    """For code that knows only the global CPU generator: it is lent a seed, and the caller's state comes back."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        yield
