"""AbstractLandscape: x -> loss, in batches of any size, counted. Where a loss comes from is said by its subclasses."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from typing import Any, ClassVar, NamedTuple, final

import torch
from torch import Tensor

from isthmus._core.batching import BatchSize
from isthmus._core.displayed import Displayed
from isthmus._core.given import tensor_of
from isthmus._core.shapes import AnyInputs, AnyTargets, Input, Inputs, Logits, Losses, Targets
from isthmus.errors import InputError, NetworkError
from isthmus.inputs.kinds import InputKind
from isthmus.inputs.preprocessing import Preprocessing
from isthmus.landscapes.domains import Domain
from isthmus.landscapes.losses import EvenScale
from isthmus.landscapes.validation import check_inputs


class Evaluation(NamedTuple):
    """Loss (n,) and logits (n, classes) of one pass."""

    loss: Losses
    logits: Logits

    def cpu(self) -> Evaluation:
        """The same on the CPU, in one transfer where it is elsewhere."""
        loss, logits = self
        if loss.device.type == "cpu":
            return self
        wide = torch.promote_types(loss.dtype, logits.dtype)
        packed = torch.cat([loss[..., None].to(wide), logits.to(wide)], -1).cpu()
        return Evaluation(packed[..., 0].to(loss.dtype), packed[..., 1:].to(logits.dtype))


class Slope(NamedTuple):
    """Loss (n,) and its gradient (n, *input) in data units."""

    loss: Losses
    gradient: Inputs


class AbstractLandscape(Displayed, ABC):
    """What connectors, profiles and the loop need: losses, logits and gradients in batches of any size, counted.

    A landscape of your own implements `forward`; `isthmus.testing.landscapes` has examples with known barriers.

    Attributes:
        domain: where inputs may lie.
        forward_equivalents: cost so far: 1 per input evaluated, 2 more per gradient.
    """

    _called: ClassVar[str] = "isthmus.Landscape"
    _advice: ClassVar[str] = "wrap it: isthmus.Landscape(isthmus.Network(model, mean=..., std=...))"

    unit: str = "loss"
    classes: int | None = None

    def __init__(self, *, domain: Domain, max_batch: int | str = "auto") -> None:
        self.domain = domain
        self.forward_equivalents = 0
        self._batch = BatchSize(max_batch)

    @abstractmethod
    def forward(self, x: Inputs, target: Targets) -> Evaluation:
        """Loss and logits of one batch, differentiable in x; the losses in float32 or better."""

    def fixed(self) -> AbstractContextManager[None]:
        """A block in which the landscape does not change; what it is made of is restored at its end."""
        return nullcontext()

    def scale(self, like: Inputs) -> Tensor:
        """Data units per unit of a connector's step, to broadcast against `like`: 1, or the std of each channel."""
        return like.new_ones((1,) * like.ndim)

    def origin(self, like: Inputs) -> Tensor:
        """The middle of the data in data units, to broadcast against `like`: 0, or the mean of each channel."""
        return like.new_zeros((1,) * like.ndim)

    @property
    def device(self) -> torch.device:
        """Where the landscape works."""
        return torch.device("cpu")

    def prepare(self, x: Inputs) -> Inputs:
        """X on the device and in the floating-point type in which the landscape works."""
        return x

    def try_out(self, x: Inputs) -> None:
        """A first look at real inputs, before anything is computed from them. `evaluate` and `gradient` see to it."""

    def in_float64(self, seen: Evaluation, target: Targets) -> Losses:
        """The losses (n,) of a pass in float64, computed again from its logits where they come from these.

        Near 0 the losses of float32 are equal by the dozen.
        """
        return seen.loss.double()

    def on_even_scale(self, loss: Losses) -> EvenScale | None:
        """Losses (n,) on a scale on which they change evenly, such as log-odds; None where none is known."""
        return None

    def describe(self) -> dict[str, Any]:
        """What a result records of the landscape, ready for JSON."""
        return {"landscape": type(self).__name__}

    @final
    def describe_anywhere(self) -> dict[str, Any]:
        """The same but for the device: what must be equal for interrupted work to go on."""
        return {key: value for key, value in self.describe().items() if key != "device"}

    @property
    def input_shape(self) -> tuple[int, ...] | None:
        """Shape of one input, where the landscape knows it."""
        return None

    def unsaturated(self, x: Inputs, target: Targets) -> Slope | None:
        """A slope that points the same way where that of the loss has vanished, if the landscape knows one."""
        return None

    @property
    def precision(self) -> torch.dtype:
        """The type that losses are computed in, as far as the landscape knows."""
        return torch.float32

    @property
    def preprocessing(self) -> Preprocessing | None:
        """How image files become inputs, where the landscape knows it."""
        return None

    @property
    def input_kind(self) -> InputKind | None:
        """What its inputs are, where the landscape knows it."""
        return None

    @property
    def class_names(self) -> tuple[str, ...] | None:
        """Names of the classes, where the landscape knows them."""
        return None

    @property
    def batch_size(self) -> int | None:
        """Inputs evaluated at once; None before an automatic size was found."""
        return self._batch.size

    def start_with(self, size: int) -> None:
        """Evaluates so many inputs at once at first, and fewer where memory runs out, if the size is automatic."""
        self._batch.size = size

    def batch_size_for(self, x: Input) -> int:
        """Inputs like x evaluated at once; an automatic size is found now if it was not before."""
        return self._batch.get(x.numel(), self.device)

    @final
    def loss(self, x: AnyInputs, target: AnyTargets) -> Losses:
        """Loss (n,) of inputs (n, *input) in data units for targets, one each (n,) or one for all (number or name)."""
        return self.evaluate(x, target).loss

    @final
    def logits(self, x: AnyInputs) -> Logits:
        """Logits (n, classes) of inputs (n, *input) in data units."""
        x = tensor_of("x", x)
        return self.evaluate(x, torch.zeros(len(x) if x.ndim else 0, dtype=torch.long)).logits

    @final
    def logits_of(self, x: Inputs) -> Logits:
        """The same without checks of x: NaN and infinity come back as they are."""
        return self.evaluate(x, torch.zeros(len(x), dtype=torch.long), validated=True).logits

    @final
    def evaluate(self, x: AnyInputs, target: AnyTargets, *, validated: bool = False) -> Evaluation:
        """Loss and logits in one pass. `validated` skips the checks of x and target where the caller has made them.

        Raises:
            InputError: shapes or types do not fit, a target is out of range, an input is not finite.
            DomainError: an input lies outside the domain by more than 1e-6.
            NetworkError: the loss of a finite input is not finite.
        """
        x, target = self._ready(x, target, validated)
        pieces: list[Evaluation] = []

        def call(piece: slice) -> None:
            with torch.no_grad():
                pieces.append(self._forward(x[piece], target[piece]))
            self.forward_equivalents += piece.stop - piece.start

        with self.fixed():
            self._batch.pieces(len(x), x[0].numel(), x.device, call)
        result = Evaluation(torch.cat([p.loss for p in pieces]), torch.cat([p.logits for p in pieces]))
        if not validated:
            _check_finite(result.loss)
        return result

    @final
    def gradient(self, x: AnyInputs, target: AnyTargets, *, validated: bool = False, followed: bool = True) -> Slope:
        """Loss (n,) and gradient (n, *input) in data units; takes and raises what `evaluate` does.

        Where the domain holds coordinates or their sums (`Restricted`), the gradient is that along what can move;
        `followed=False` gives the whole of it.
        """
        x = tensor_of("x", x)
        dtype = x.dtype
        x, target = self._ready(x, target, validated)
        losses: list[Tensor] = []
        gradient = torch.empty_like(x)

        def call(piece: slice) -> None:
            with torch.inference_mode(False), torch.enable_grad():
                point = x[piece].clone().requires_grad_()
                # Clones: what was made in inference mode cannot be part of a graph.
                loss = self._forward(point, target[piece].clone()).loss
                gradient[piece] = _slope(loss, point)
            losses.append(loss.detach())
            self.forward_equivalents += 3 * (piece.stop - piece.start)

        with self.fixed():
            self._batch.pieces(len(x), x[0].numel(), x.device, call)
        result = Slope(torch.cat(losses), (self.domain.free(gradient) if followed else gradient).to(dtype))
        if not validated:
            _check_finite(result.loss)
        return result

    def _forward(self, x: Inputs, target: Targets) -> Evaluation:
        result = self.forward(x, target)
        if self.classes is None:
            self.classes = result.logits.shape[1]
        return result

    def _ready(self, x: AnyInputs, target: AnyTargets, validated: bool) -> tuple[Inputs, Targets]:
        if not validated:
            from isthmus.landscapes.arguments import targets_of

            x = tensor_of("x", x)
            check_inputs("x", x, self.domain, self.input_kind)
            target = targets_of(self, target, len(x), [x])
        if not (isinstance(x, Tensor) and isinstance(target, Tensor)):
            raise InputError("validated=True skips all conversions: x and target must be tensors then.")
        x = self.prepare(x)
        self.try_out(x)
        return x, target.to(x.device, torch.long)


def _slope(loss: Losses, point: Inputs) -> Inputs:
    """Gradient of the losses.

    Raises:
        NetworkError: the losses do not hang together with the inputs.
    """
    try:
        (found,) = torch.autograd.grad(loss.sum(), point)
    except RuntimeError as error:
        text = str(error)
        if not any(sign in text for sign in ("does not require grad", "not have been used", "nference tensor")):
            raise
        raise NetworkError(
            "The network gives no gradient with respect to its input: inside it, the way from input to output is cut "
            "(torch.no_grad, inference_mode, detach, numpy?); take that out, or only measure paths: StraightLine()."
        ) from error
    return found


def _check_finite(loss: Losses) -> None:
    bad = (~loss.isfinite()).nonzero()[:, 0]
    if len(bad):
        raise NetworkError(
            f"The loss is not finite for {len(bad)} of {len(loss)} inputs (first: number {int(bad[0])}) although the "
            "inputs are finite; check the network's weights and its normalisation."
        )
