"""Slopes: the gradient of an output as operators, which are followed like those of a network."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.fx import GraphModule

from isthmus._core.shapes import Inputs
from isthmus.certificates.taylor import operators
from isthmus.certificates.taylor.backward import decompositions
from isthmus.certificates.taylor.enclosure import Enclosure
from isthmus.certificates.taylor.model import Model
from isthmus.certificates.taylor.weights import Norms, Pass
from isthmus.errors import NetworkError
from isthmus.landscapes import Landscape

AGREES = 1e-6  # of the largest number of a gradient: what is followed is what PyTorch computes


@dataclass(frozen=True, eq=False)
class Slopes:
    """The gradient of a logit by the input, of a network in float64 that is held fixed.

    Attributes:
        landscape: on the network.
        index: of the logit.
        norms: of the network's weights.
        programs: by number of inputs, what is computed; filled on the way.
    """

    landscape: Landscape
    index: int
    norms: Norms
    programs: dict[int, GraphModule] = field(default_factory=dict)

    def enclosed(self, inputs: Enclosure, middles: Inputs) -> Enclosure:
        """Gradients on intervals (n), of inputs that are polynomials there; `middles` are inputs of the same shape.

        Raises:
            CannotFollowError: an operator is not known.
            NetworkError: the gradient is none, or not that of PyTorch.
        """
        program = self._program(middles)
        run = Pass(
            apply=operators.run,
            call=operators.call,
            norms=self.norms,
            variables=inputs.variables,
            backward=True,
        )
        with torch.no_grad():
            found = program(Model(inputs.coefficients, inputs.radius, run))
        if isinstance(found, Model):
            return found.enclosure
        constant: Tensor = found
        return Enclosure.constant(constant, len(inputs.coefficients), inputs.variables)

    def _program(self, x: Inputs) -> GraphModule:
        if len(x) not in self.programs:
            from torch.fx.experimental.proxy_tensor import make_fx

            # A method has a first argument too many for it.
            traced = make_fx(lambda rows: self.gradient(rows), decomposition_table=decompositions())(x)  # noqa: PLW0108
            _check_norms(traced)
            traced.graph.eliminate_dead_code()
            traced.recompile()
            self._compare(traced, x)
            self.programs[len(x)] = traced
        return self.programs[len(x)]

    def gradient(self, x: Inputs) -> Inputs:
        """As PyTorch computes it."""
        x = x.detach().requires_grad_()
        with torch.enable_grad():
            logits = self.landscape.network.logits(x)
            if not logits.requires_grad:
                raise NetworkError("The network's output does not depend on its input by operators with a derivative.")
            chosen = torch.zeros(logits.shape, dtype=logits.dtype, device=logits.device)
            chosen[:, self.index] = 1.0
            return torch.autograd.grad(logits, x, chosen)[0]

    def _compare(self, program: GraphModule, x: Inputs) -> None:
        """Whether what was written down is what PyTorch computes: fused, masked and in its own order."""
        there = self.gradient(x)
        with torch.no_grad():
            apart = float((program(x) - there).abs().max())
        if not apart <= AGREES * max(float(there.abs().max()), 1e-12):
            raise NetworkError(
                f"The gradient, written down as operators, differs from itself by {apart:.3g}: it cannot be followed."
            )


def _check_norms(program: GraphModule) -> None:
    """Means of layer norms hold something else while they are followed: none but backward passes may read them."""
    for node in program.graph.nodes:
        if node.op == "call_function" and node.target is torch.ops.aten.native_layer_norm.default:
            readers = [each for taken in node.users if taken.args[1] != 0 for each in taken.users]
            if any(each.target is not torch.ops.aten.native_layer_norm_backward.default for each in readers):
                raise NetworkError("The network reads the mean of a layer norm, whose gradient cannot be followed.")
