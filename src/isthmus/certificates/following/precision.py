"""A landscape on a copy of its network in another precision."""

from __future__ import annotations

import torch

from isthmus._core.shapes import Input
from isthmus.landscapes import Landscape
from isthmus.landscapes.losses import Loss


def in_precision(landscape: Landscape, dtype: torch.dtype, like: Input, *, loss: Loss | None = None) -> Landscape:
    """The landscape with its network in a precision; itself where it has that already, and its own loss will do.

    Args:
        landscape: the landscape.
        dtype: the precision.
        like: an input, in data units, on which a copy is tried out.
        loss: in the place of its own.

    Raises:
        NetworkError: the model cannot be copied, or cannot compute in that precision.
    """
    network = landscape.network.in_precision(dtype, like)
    if network is landscape.network and loss is None:
        return landscape
    loss = landscape.loss_function if loss is None else loss
    made = Landscape(network, loss=loss, domain=landscape.domain, max_batch="auto")
    if landscape.batch_size is not None:
        made.start_with(landscape.batch_size)  # no larger, and smaller where memory runs out
    return made
