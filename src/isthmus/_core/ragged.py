"""Ragged: tensors of different lengths kept as one, with the row at which each ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor


def ragged(name: str, parts: Sequence[Tensor]) -> dict[str, Tensor]:
    """Tensors (k_i, ...) end to end, and where each ends."""
    ends = torch.tensor([len(part) for part in parts], dtype=torch.long).cumsum(0)
    return {name: torch.cat(list(parts)) if parts else torch.zeros(0), f"{name}.ends": ends}


def part_of(tensors: Mapping[str, Tensor], name: str, number: int) -> Tensor:
    """One of the tensors that `ragged` put together."""
    ends = tensors[f"{name}.ends"]
    return tensors[name][(int(ends[number - 1]) if number else 0) : int(ends[number])]
