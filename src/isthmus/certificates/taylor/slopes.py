"""Slopes: the gradient of an output as operators, which are followed like those of a network."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.fx import GraphModule

from isthmus._core.shapes import Inputs
from isthmus.certificates.taylor import operators
from isthmus.certificates.taylor.enclosure import Enclosure
from isthmus.certificates.taylor.model import Model
from isthmus.certificates.taylor.operators.shapes import constant
from isthmus.certificates.taylor.tracing import traced
from isthmus.certificates.taylor.weights import Norms, Pass
from isthmus.errors import NetworkError
from isthmus.landscapes import Landscape

AGREES = 1e-12  # of the largest number of a gradient: beside the radius, what PyTorch's own may be off by


@dataclass(frozen=True, eq=False)
class Slopes:
    """The gradient of a logit by the input, of a network in float64 that is held fixed.

    Attributes:
        landscape: on the network.
        index: of the logit.
        classes: how many logits there are.
        norms: of the network's weights.
        programs: by number of inputs, what is computed of them and of the gradient of their logits; filled on the way.
        random: draws the places where what is followed is compared.
    """

    landscape: Landscape
    index: int
    classes: int
    norms: Norms
    programs: dict[int, GraphModule] = field(default_factory=dict)
    random: torch.Generator = field(default_factory=lambda: torch.Generator().manual_seed(0))

    @staticmethod
    def of(landscape: Landscape, index: int, x: Inputs) -> Slopes:
        """Of a network, some of whose inputs are x (n, *input)."""
        with torch.no_grad():
            classes = landscape.network.logits(x[:1]).shape[1]
        return Slopes(landscape, index, classes, Norms.of(landscape.network.model))

    def enclosed(self, inputs: Enclosure) -> Enclosure:
        """Gradients on intervals (n), of inputs that are polynomials of one variable there, or of more.

        Every enclosure is compared with the gradient of PyTorch in a random place of its interval.

        Raises:
            CannotFollowError: an operator is not known, or values leave PyTorch.
            NetworkError: the gradient is none, or not that of PyTorch.
        """
        middles = inputs.coefficients[0]
        count, chosen = len(middles), self._chosen(middles)
        if count not in self.programs:
            self.programs[count] = traced(self._gradient, middles, chosen)
        run = Pass(
            apply=operators.run, call=operators.call, norms=self.norms, variables=inputs.variables, backward=True
        )
        with torch.no_grad():
            x = Model(inputs.coefficients, inputs.radius, run)
            # The gradient of the logits is a constant: what is computed of it alone is rounded as well.
            found: Model | Tensor = self.programs[count](x, constant(chosen, len(inputs.coefficients), x))
        made = found if isinstance(found, Model) else constant(found, len(inputs.coefficients), x)
        self._compare(inputs, made.enclosure)
        return made.enclosure

    def gradient(self, x: Inputs) -> Inputs:
        """As PyTorch computes it."""
        return self._gradient(x, self._chosen(x))

    def _chosen(self, x: Inputs) -> Tensor:
        chosen = torch.zeros(len(x), self.classes, dtype=x.dtype, device=x.device)
        chosen[:, self.index] = 1.0
        return chosen

    def _gradient(self, x: Inputs, chosen: Tensor) -> Inputs:
        x = x.detach().requires_grad_()
        with torch.enable_grad():
            logits = self.landscape.network.logits(x)
            if not logits.requires_grad:
                raise NetworkError("The network's output does not depend on its input by operators with a derivative.")
            return torch.autograd.grad(logits, x, chosen)[0]

    def _compare(self, inputs: Enclosure, found: Enclosure) -> None:
        """Whether what is followed is what PyTorch computes: in its own order, masked, and away from where it was
        written down.
        """
        s = 2 * torch.rand((len(inputs.radius), inputs.variables), generator=self.random, dtype=torch.float64) - 1
        there = self.gradient(_at(inputs, s))
        if not bool(there.isfinite().all()):
            raise NetworkError("The gradient is not finite everywhere on the path, and cannot be followed.")
        apart = (there - _at(found, s)).abs()
        allowed = 2 * found.radius + AGREES * max(float(there.abs().max()), 1e-300)
        if not bool(((apart <= allowed) | ~found.radius.isfinite()).all()):
            raise NetworkError(
                f"The gradient, written down as operators, differs from that of PyTorch by "
                f"{float((apart - allowed).nan_to_num().max()):.3g}: the network computes something that is not seen."
            )


def _at(functions: Enclosure, s: Tensor) -> Tensor:
    """The polynomials (n, *rest) at places s (n, variables) of their intervals."""
    powers = torch.tensor(functions.monomials.powers, dtype=torch.float64)
    weights = (s[:, None] ** powers).prod(2).to(functions.radius)
    found: Tensor = torch.einsum("nk,kn...->n...", weights, functions.coefficients)
    return found
