"""Norms of weights, which are dear, and one pass of a network that remembers them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from isthmus.certificates.following import CannotFollowError, Run
from isthmus.certificates.taylor.rounding import gamma, norm, up

SAFETY = 1 + 1e-9  # of singular values, which LAPACK gives to some 1e-13 of the largest


class KernelNorms(NamedTuple):
    """Norms of the matrices at each place of a kernel (1, 1, *kernel)."""

    spectral: Tensor
    frobenius: Tensor


@dataclass
class Norms:
    """Norms of the weights of a network, each computed once. Only weights that stay where they are are remembered.

    Attributes:
        lasting: where in memory the network's weights begin.
    """

    lasting: set[int]
    known: dict[Any, Any] = field(default_factory=dict)

    @staticmethod
    def of(model: nn.Module) -> Norms:
        """Of a network that is held fixed."""
        tensors = (*model.parameters(), *model.buffers())
        return Norms({each.untyped_storage().data_ptr() for each in tensors})

    def remembered(self, name: str, weight: Tensor, compute: Callable[[], Any], *more: int) -> Any:
        """What was computed of a weight before, or now."""
        if weight.untyped_storage().data_ptr() not in self.lasting:  # its place may soon be another's
            return compute()
        key = (name, weight.data_ptr(), tuple(weight.shape), weight.stride(), more)
        if key not in self.known:
            self.known[key] = compute()
        return self.known[key]


@dataclass(kw_only=True)
class Pass(Run):
    """One pass of a network over some intervals.

    Attributes:
        norms: of the network's weights.
        variables: of the polynomials.
        backward: whether a backward pass follows: forward operators give what it takes, and numbers that stand in its
            formulas may have been rounded.
    """

    norms: Norms
    variables: int = 1
    backward: bool = False

    @property
    def roundings(self) -> int:
        """How often numbers of formulas, such as 2 / sqrt(pi), may have been rounded."""
        return 4 if self.backward else 0

    def spectral_norm(self, weight: Tensor) -> float:
        """Of a matrix, rounded up."""
        found: float = self.norms.remembered("spectral", weight, lambda: _spectral(weight))
        return found

    def folded(self, weight: Tensor, scale: Tensor) -> tuple[Tensor, float]:
        """Weights times numbers for their inputs, and the spectral norm of that, rounded up."""

        def compute() -> tuple[Tensor, float]:
            made = weight * scale
            self.norms.lasting |= {made.untyped_storage().data_ptr()}  # it is kept as long as the norms are
            return made, _spectral(made)

        if scale.untyped_storage().data_ptr() not in self.norms.lasting:
            made = weight * scale
            return made, _spectral(made)
        found: tuple[Tensor, float] = self.norms.remembered("folded", weight, compute, scale.data_ptr())
        return found

    def kernel_norms(self, weight: Tensor, groups: int) -> tuple[KernelNorms, Tensor]:
        """Of the matrices at each place of a kernel (outputs, inputs / groups, *kernel); and the 2-norms of their rows
        (outputs, 1, *kernel).
        """
        found: tuple[KernelNorms, Tensor] = self.norms.remembered(
            "kernel", weight, lambda: _of_kernel(weight, groups), groups
        )
        return found


def _spectral(weight: Tensor) -> float:
    if not bool(weight.isfinite().all()):
        raise CannotFollowError("a layer", "has weights that are not finite")
    return float(torch.linalg.matrix_norm(weight, 2)) * SAFETY


def _of_kernel(weight: Tensor, groups: int) -> tuple[KernelNorms, Tensor]:
    place = weight.shape[2:]
    outputs, inputs = weight.shape[:2]
    blocks = weight.reshape(groups, outputs // groups, inputs, -1).movedim(-1, 0)
    spectral = (torch.linalg.matrix_norm(blocks, 2) * SAFETY).amax(1)  # of blocks on a diagonal, the largest
    frobenius = up(torch.linalg.vector_norm(blocks, dim=(1, 2, 3)), blocks[0].numel())
    one = (1, 1, *place)
    rows = norm(weight, 1).unsqueeze(1) * (1 + gamma(8))
    return KernelNorms(spectral.reshape(one), frobenius.reshape(one)), rows
