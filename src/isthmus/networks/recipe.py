"""Recipe: what a source of networks knows about one of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import nn

from isthmus.inputs.kinds import Images, InputKind
from isthmus.inputs.preprocessing import Preprocessing
from isthmus.networks.network import Network


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """A model with what it needs to become a Network; see `Network` for the fields.

    `inner` is the part of the model whose weights files hold, where that is not all of it.
    """

    model: nn.Module
    mean: Sequence[float] | None = None
    std: Sequence[float] | None = None
    input_shape: tuple[int, ...] | None = None
    class_names: Sequence[str] | None = None
    preprocessing: Preprocessing | None = None
    input_kind: InputKind | None = None
    output: str | int | None = None
    inner: nn.Module | None = None


def recipe_of(network: Network, inner: nn.Module | None = None) -> Recipe:
    """What a network was made of."""
    return Recipe(
        model=network.model,
        mean=None if network.mean is None else network.mean.tolist(),
        std=None if network.std is None else network.std.tolist(),
        input_shape=network.input_shape,
        class_names=network.class_names,
        preprocessing=network.preprocessing,
        input_kind=None if isinstance(network.input_kind, Images) else network.input_kind,
        output=network.output,
        inner=inner,
    )
