"""Network: any torch classifier, held fixed, with its normalisation inside."""

from __future__ import annotations

import copy
import hashlib
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from isthmus._core.annotated import as_annotated
from isthmus._core.constants import beside
from isthmus._core.displayed import Displayed
from isthmus._core.given import tensor_of
from isthmus._core.shapes import AnyInputs, Input, Inputs, Logits
from isthmus.errors import InputError, IsthmusError, NetworkError
from isthmus.inputs.kinds import Images, InputKind
from isthmus.inputs.preprocessing import Preprocessing
from isthmus.networks import checks
from isthmus.networks.outputs import unwrap
from isthmus.networks.state import held_fixed, is_held
from isthmus.networks.weights import hash_weights


@as_annotated
class Network(Displayed):
    """A fixed classifier that takes inputs in data units and returns logits.

    The model is never changed for good: while Isthmus evaluates it, every submodule is in eval mode and no weight asks
    for a gradient; afterwards, also after an exception, modes, `requires_grad`, `.grad`, hooks and the state of the
    random generators are what they were.

    Args:
        model: a `torch.nn.Module` that maps a batch (n, *input) to logits (n, classes). Tuples, dicts and objects
            with `.logits` are unwrapped. Its device and floating-point type are followed.
        mean: per-channel mean subtracted from inputs in data units (channels = axis 1); None subtracts nothing.
        std: per-channel standard deviation divided by; None divides by nothing.
        input_shape: shape of one input, such as (3, 224, 224); by default that of the kind of inputs, or guessed from
            the first layer where that is possible.
        class_names: one name a class, for tables and pages.
        preprocessing: how image files become inputs of this network: short for `input_kind=Images(preprocessing)`.
        input_kind: what its inputs are: how they are read, drawn and written, and where they may lie.
        name: what results call the network.
        output: which of several outputs are the logits: a key or attribute, or an index. None takes a tensor, `logits`,
            or the only matrix there is, and refuses what is ambiguous.
        check: whether to try the network out (logits rather than probabilities, repeatable, each output from its own
            input alone): at construction where a shape is known or can be guessed, else with the first batch.

    Raises:
        NetworkError: outputs change between two passes, depend on the rest of the batch, or have an unusable shape;
            mean, std and first layer disagree about the channels.

    Warns:
        ProbabilitiesWarning: outputs look like probabilities.
    """

    _called: ClassVar[str] = "isthmus.Network"
    _error: ClassVar[type[IsthmusError]] = NetworkError
    _advice: ClassVar[str] = "wrap the model: isthmus.Network(model, mean=..., std=...)"

    def __init__(
        self,
        model: nn.Module,
        *,
        mean: Sequence[float] | float | None = None,
        std: Sequence[float] | float | None = None,
        input_shape: Sequence[int] | None = None,
        class_names: Sequence[str] | None = None,
        preprocessing: Preprocessing | None = None,
        input_kind: InputKind | None = None,
        name: str | None = None,
        output: str | int | None = None,
        check: bool = True,
    ) -> None:
        checks.check_head(model)
        self.model = model
        self.mean = checks.channel_values("mean", mean)
        self.std = checks.channel_values("std", std)
        known = input_kind.shape if isinstance(input_kind, InputKind) else None
        self.input_shape = known if input_shape is None else tuple(input_shape)
        self.class_names = None if class_names is None else tuple(class_names)
        self.input_kind = _kind(input_kind, preprocessing)
        self.name = name or type(model).__name__
        self.output = output
        self._check = check
        self._unchecked = check
        self._accepted: set[tuple[int, ...]] = set()  # shapes of inputs
        self._weightless = torch.float32
        self._channels_last = True
        self._copies: dict[torch.dtype, Network] = {}
        checks.check_channels(self.mean, self.std, self.input_shape)
        if self.input_kind is not None and self.input_shape is not None:
            self.input_kind.check(self.input_shape)
        if check:
            like = torch.empty(0, device=self.device, dtype=self.dtype)
            if preprocessing is not None:
                checks.check_files(model, preprocessing, like, self._evaluate)
            probe = checks.probe(model, self.mean, self.input_shape, like, self._evaluate)
            if probe is not None:
                self.try_out(probe)

    def __repr__(self) -> str:
        count = sum(tensor.numel() for tensor in self.model.parameters())
        shape = "" if self.input_shape is None else f", input {self.input_shape}"
        kind = f"{self.device}, {str(self.dtype).removeprefix('torch.')}"
        return f"Network({self.name}: {type(self.model).__name__}, {count:,} weights{shape}, {kind})"

    @property
    def device(self) -> torch.device:
        """Device of the model's first weight (CPU for a model without weights)."""
        return next((tensor.device for tensor in self._tensors()), torch.device("cpu"))

    @property
    def preprocessing(self) -> Preprocessing | None:
        """How image files become inputs, where they are images and it is known."""
        return self.input_kind.preprocessing if isinstance(self.input_kind, Images) else None

    @property
    def dtype(self) -> torch.dtype:
        """Type of the model's first floating-point weight (of a model without weights float32, as a rule)."""
        return next((tensor.dtype for tensor in self._tensors() if tensor.is_floating_point()), self._weightless)

    def _tensors(self) -> Iterator[Tensor]:
        yield from self.model.parameters()
        yield from self.model.buffers()

    @contextmanager
    def fixed(self) -> Iterator[None]:
        """Holds the model fixed inside the block. Blocks may be nested, and other threads and networks may hold the
        same model: the last to let go of it restores everything.
        """
        with held_fixed(self.model):
            yield
        if self._copies and not is_held(self.model):
            self._copies.clear()

    def in_precision(self, dtype: torch.dtype, like: Input) -> Network:
        """The network with another precision, on a copy of its model; itself where it has that precision.

        Inside a `fixed()` block there is one copy for all who ask.

        Args:
            dtype: the precision.
            like: an input, in data units, on which a copy is tried out.

        Raises:
            NetworkError: the model cannot be copied, or cannot compute in that precision.
        """
        if self.dtype == dtype:
            return self
        if dtype in self._copies:
            return self._copies[dtype]
        try:
            made = Network(
                copy.deepcopy(self.model).to(dtype),
                mean=None if self.mean is None else self.mean.tolist(),
                std=None if self.std is None else self.std.tolist(),
                input_shape=self.input_shape,
                class_names=self.class_names,
                input_kind=self.input_kind,
                name=self.name,
                output=self.output,
                check=False,
            )
            made._weightless = dtype
            made._evaluate(like[None].to(made.device, dtype))
        except checks.FAILURES as error:
            precision = str(dtype).removeprefix("torch.")
            raise NetworkError(f"The network does not run in {precision}: {checks.first_line(error)}.") from error
        if is_held(self.model):
            self._copies[dtype] = made
        return made

    def logits(self, x: AnyInputs) -> Logits:
        """Logits (n, classes) of inputs (n, *input) in data units, differentiable in x. The model is held fixed.

        Raises:
            NetworkError: the number of channels does not fit, or the outputs are no logits.
        """
        if not isinstance(x, Tensor):
            x = tensor_of("x", x).to(self.device, self.dtype)
        shape = tuple(x.shape[1:])
        checks.check_channels(self.mean, self.std, shape)
        x = self.standardised(x)
        try:
            with self.fixed():
                output = self._call(x)
        except NetworkError:
            raise
        except checks.FAILURES as error:
            reason = checks.explain(self.model, self.mean, shape)
            if reason is None:
                raise
            raise NetworkError(reason) from error
        logits = unwrap(output, self.output)
        if self.class_names is not None and logits.shape[1] != len(self.class_names):
            raise NetworkError(
                f"The network has {logits.shape[1]} outputs, and {len(self.class_names)} class_names were given: give "
                "one name an output, or none."
            )
        return logits

    def _call(self, x: Inputs) -> object:
        """The model's output, for a copy of x, which the model may change.

        On CPUs images are laid out with their channels last: convolutions are up to 1.5 times as fast then. A model
        that cannot take them so, because it calls `view`, gets them as they are.
        """
        if self._channels_last and x.ndim == 4 and x.device.type == "cpu":
            try:
                return self.model(x.clone(memory_format=torch.channels_last))
            except RuntimeError:
                output = self.model(x.clone())  # raises where the layout was not the reason
                self._channels_last = False
                return output
        return self.model(x.clone())

    def _evaluate(self, x: Inputs) -> Logits:
        with self.fixed(), torch.no_grad():
            return self.logits(x)

    def scale(self, like: Inputs) -> Tensor:
        """The standard deviation of each channel, shaped to broadcast against `like`: one normalised unit.

        Where the kind of inputs has units of distance of its own, as tables have, it is one of these.
        """
        if self.std is None or self._even:
            return like.new_ones((1,) * like.ndim)
        return self._along_channels(self.std, like)

    def origin(self, like: Inputs) -> Tensor:
        """The mean of each channel, shaped to broadcast against `like`: zero in normalised units."""
        if self.mean is None or self._even:
            return like.new_zeros((1,) * like.ndim)
        return self._along_channels(self.mean, like)

    @property
    def _even(self) -> bool:
        return self.input_kind is not None and self.input_kind.even

    def standardised(self, x: Inputs) -> Inputs:
        """What the model is given for inputs: (x - mean) / std."""
        if self.mean is not None:
            x = x - self._along_channels(self.mean, x)
        return x if self.std is None else x / self._along_channels(self.std, x)

    @staticmethod
    def _along_channels(values: Tensor, like: Tensor) -> Tensor:
        return beside(values, like).reshape(1, -1, *(1,) * (like.ndim - 2))

    def try_out(self, x: Inputs) -> None:
        """Checks, with the first inputs it sees, what only a pass can show; of a new shape, whether it is accepted."""
        shape = tuple(x.shape[1:])
        if self.input_kind is not None and shape not in self._accepted:
            self.input_kind.check(shape)
        if not self._unchecked and (not self._check or shape in self._accepted):
            return
        # One input alone shows no dependence on the rest of a batch: it gets a mirror image beside it.
        x = x[:3]
        if bool((x == x[:1]).all()):
            x = torch.cat([x[:2], x[:1].flip(-1)])
        with self.fixed():  # one block: two passes in two blocks would see the same random numbers
            try:
                conclusive = True
                if self._unchecked:
                    conclusive = checks.check_outputs(self._evaluate, x)
                    self._check_last_step(x[:1])
                else:
                    self._evaluate(x[:1])
            except checks.FAILURES as error:
                if isinstance(error, NetworkError) or "memory" in str(error):
                    raise
                raise NetworkError(
                    f"The network does not accept inputs of shape {tuple(x.shape[1:])}: {checks.first_line(error)}"
                ) from error
        self._unchecked = not conclusive
        self._accepted.add(shape)

    def _check_last_step(self, x: Inputs) -> None:
        """Looks at what a pass was made of, where its outputs have one sign, as those of a sigmoid do."""
        if any(hasattr(part, "_orig_mod") for part in self.model.modules()):
            return  # compiled models would be compiled again
        try:
            with self.fixed(), torch.enable_grad():
                logits = self.logits(x.detach().clone().requires_grad_())
        except Exception:  # noqa: BLE001 (a network need not be differentiable to be looked at)
            return
        if not bool((logits < 0).any()):
            checks.check_last_step(logits)

    @property
    def weights_hash(self) -> str:
        """SHA-256 over the weights and buffers as they are now."""
        return hash_weights(self.model)

    @property
    def structure_hash(self) -> str:
        """SHA-256 over what the model is made of, and the hooks on it: what it computes is not in its weights alone."""
        hooks = [
            f"{name} {kind}"
            for name, module in self.model.named_modules()
            for kind in ("_forward_hooks", "_forward_pre_hooks")
            for _ in getattr(module, kind, ())
        ]
        # Programs (exported ones, TorchScript) say in their code what their parts do not show.
        codes = [getattr(module, "code", None) for module in self.model.modules()]
        text = "\n".join(
            [repr(self.model), *hooks, repr(self.output), *(code for code in codes if isinstance(code, str))]
        )
        return hashlib.sha256(re.sub(r" at 0x[0-9a-f]+", "", text).encode()).hexdigest()

    def describe(self) -> dict[str, Any]:
        """What a result records of the network, ready for JSON."""
        return {
            "name": self.name,
            "model": f"{type(self.model).__module__}.{type(self.model).__qualname__}",
            "weights_sha256": self.weights_hash,
            "structure_sha256": self.structure_hash,
            "output": self.output,
            "mean": None if self.mean is None else [round(value, 9) for value in self.mean.tolist()],
            "std": None if self.std is None else [round(value, 9) for value in self.std.tolist()],
            "input_shape": self.input_shape,
            "preprocessing": None if self.preprocessing is None else self.preprocessing.describe(),
            **(
                {}
                if self.input_kind is None or isinstance(self.input_kind, Images)
                else {"inputs": self.input_kind.describe()}
            ),
        }


def _kind(given: InputKind | None, preprocessing: Preprocessing | None) -> InputKind | None:
    """The kind of inputs, of which a preprocessing says that they are images."""
    if given is not None and not isinstance(given, InputKind):
        raise InputError(f"input_kind must be a kind such as isthmus.inputs.Table, got {type(given).__name__}.")
    if preprocessing is None:
        return given
    if given is not None and given != Images(preprocessing):
        raise InputError("Give a preprocessing (of images) or an input_kind, not both.")
    return Images(preprocessing)
