"""Random numbers come from explicit generators; the global ones are never seeded."""

from __future__ import annotations

import torch


def generator(seed: int) -> torch.Generator:
    """A CPU generator that always starts the same for the same seed."""
    return torch.Generator().manual_seed(seed)
