"""Recipe: what a source of networks knows about one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from isthmus.inputs.kinds import InputKind
from isthmus.inputs.preprocessing import Preprocessing


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A model with what it needs to become a Network; see `Network` for the fields."""

    model: nn.Module
    mean: Sequence[float] | None = None
    std: Sequence[float] | None = None
    input_shape: tuple[int, ...] | None = None
    class_names: Sequence[str] | None = None
    preprocessing: Preprocessing | None = None
    input_kind: InputKind | None = None
    output: str | int | None = None
