"""domain_of: where inputs of a kind may lie."""

from __future__ import annotations

import torch

from isthmus.inputs.kinds import InputKind
from isthmus.landscapes.domains.base import Domain
from isthmus.landscapes.domains.box import Box
from isthmus.landscapes.domains.restricted import Restricted
from isthmus.landscapes.domains.unbounded import Unbounded
from isthmus.landscapes.domains.vectors import VectorBall, VectorHull


def domain_of(kind: InputKind | None) -> Domain:
    """The domain that a kind of inputs asks for: between 0 and 1 where it asks for none."""
    limits = None if kind is None else kind.limits()
    if limits is None:
        return Box(0, 1)
    if limits.hull is not None:
        return VectorHull(limits.hull)
    if limits.ball is not None:
        return VectorBall.around(limits.ball)
    if limits.sums or limits.held:
        return Restricted(low=limits.low, high=limits.high, sums=limits.sums, held=limits.held)
    low, high = torch.as_tensor(limits.low), torch.as_tensor(limits.high)
    if bool(low.isinf().all()) and bool(high.isinf().all()):
        return Unbounded()
    return Box(limits.low, limits.high)
