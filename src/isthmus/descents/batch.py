"""Batch: tensors that share their leading axis, one row for each thing that is worked on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, TypeVar

import torch
from torch import Tensor

from isthmus._core.shapes import Index, Mask


@dataclass(frozen=True, eq=False)
class Batch:
    """Base of what is worked on and of its state. Every field is a tensor (n, ...), or a batch of as many rows."""


B = TypeVar("B", bound=Batch)


def take(batch: B, rows: Index | Mask) -> B:
    """The given rows of every tensor in a batch."""
    return _map([batch], lambda parts: parts[0][rows])


def join(batches: Sequence[B]) -> B:
    """Batches end to end."""
    return _map(batches, torch.cat)


def _map(batches: Sequence[B], call: Any) -> B:
    kind = type(batches[0])
    made: dict[str, Any] = {}
    for field in fields(kind):
        parts: list[Tensor | Batch] = [getattr(batch, field.name) for batch in batches]
        inner = [part for part in parts if isinstance(part, Batch)]
        made[field.name] = _map(inner, call) if inner else call(parts)
    return kind(**made)
