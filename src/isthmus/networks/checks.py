"""Trying a network out: the mistakes that would make every later number wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

from isthmus._core.random import generator
from isthmus._core.shapes import Inputs, Logits
from isthmus._core.text import amount
from isthmus._core.warned import warn
from isthmus.errors import NetworkError, ProbabilitiesWarning
from isthmus.inputs.preprocessing import Preprocessing

Evaluate: TypeAlias = Callable[[Inputs], Logits]  # one pass of a network that is held fixed, without gradients

TOLERANCE = 1e-3  # relative: far above the rounding of any device, far below a real dependence
FAILURES = (RuntimeError, ValueError, IndexError, TypeError, AssertionError)  # what models raise at a wrong shape


def channel_values(name: str, values: Sequence[float] | float | Tensor | None) -> Tensor | None:
    """`mean` or `std` as a tensor (channels,), or None."""
    if values is None:
        return None
    tensor = torch.as_tensor(values, dtype=torch.float64).reshape(-1)
    if not bool(tensor.isfinite().all()) or (name == "std" and not bool((tensor > 0).all())):
        raise NetworkError(f"{name} needs finite{' positive' if name == 'std' else ''} numbers, got {tensor.tolist()}.")
    return tensor


def check_channels(mean: Tensor | None, std: Tensor | None, input_shape: Sequence[int] | None) -> None:
    """Mean, std and the inputs must agree about the number of channels."""
    known = {name: len(v) for name, v in (("mean", mean), ("std", std)) if v is not None and len(v) > 1}
    if len(set(known.values())) > 1:
        raise NetworkError(
            f"mean has {known['mean']} values and std has {known['std']}; give one of each for every channel."
        )
    if known and input_shape is not None and input_shape[0] != next(iter(known.values())):
        raise NetworkError(_wrong_channels(next(iter(known.values())), input_shape))


def check_files(model: nn.Module, preprocessing: Preprocessing, like: Tensor, evaluate: Evaluate) -> None:
    """Refuses a preprocessing that makes images of other channels than the network takes."""
    taken, channels = _channels(model), preprocessing.channels
    if taken is None or taken == channels:
        return
    try:
        evaluate(like.new_zeros((1, channels, *(preprocessing.size or (64, 64)))))  # it may make them grey itself
    except FAILURES as error:
        raise NetworkError(
            f"The first layer takes {amount(taken, 'channel')}, and the preprocessing makes images of {channels}: give "
            f"Preprocessing(channels={taken})."
        ) from error


def explain(model: nn.Module, mean: Tensor | None, input_shape: Sequence[int]) -> str | None:
    """Why a model failed on inputs of this shape, where the number of channels explains it."""
    channels = _channels(model)
    if channels is None or len(input_shape) < 2 or input_shape[0] == channels:
        return None
    if mean is not None and len(mean) == input_shape[0] > 1:
        return (
            f"The number of channels differs: mean has {len(mean)}, the first layer takes {channels}. "
            "Give one mean and one std for each channel that the network takes."
        )
    return _wrong_channels(channels, input_shape)


def _wrong_channels(expected: int, input_shape: Sequence[int]) -> str:
    hint = ""
    if input_shape[-1] == expected:
        hint = " The last axis fits: these look like HWC images; use x.permute(0, 3, 1, 2)."
    elif len(input_shape) == 2:
        hint = " Inputs are given as a batch (n, channels, height, width): for one image x[None]."
    elif expected == 1:
        hint = " Images from files are made grey by Preprocessing(channels=1)."
    return (
        f"The network takes {amount(expected, 'channel')}, got inputs of shape {tuple(input_shape)} with "
        f"{input_shape[0]}.{hint}"
    )


def probe(
    model: nn.Module, mean: Tensor | None, input_shape: tuple[int, ...] | None, like: Tensor, evaluate: Evaluate
) -> Tensor | None:
    """A few random inputs in [0, 1] that the network accepts, or None where no shape is known or guessed.

    They are of the type and on the device of `like`.
    """
    random = generator(0)
    failure: NetworkError | None = None
    for shape in [input_shape] if input_shape else _guesses(model, mean):
        x = torch.rand((3, *shape), generator=random).to(like)
        try:
            evaluate(x[:1])
        except NetworkError as error:
            failure = error
        except FAILURES as error:
            if input_shape:  # given, not guessed
                message = f"The network does not accept inputs of its input_shape {shape}: {first_line(error)}"
                raise NetworkError(message) from error
        else:
            return x
    if failure is not None:
        raise failure
    return None


def check_outputs(evaluate: Evaluate, x: Inputs) -> bool:
    """Outputs are logits, the same in two passes, and each from its own input alone.

    Minus infinity is a masked class, and may be there. False where the inputs could not show it: they are all equal, or
    an output is NaN or plus infinity; then the check is to be made again.

    Raises:
        NetworkError: one of these things is not so.
    """
    once, again, alone = (evaluate(part).double() for part in (x, x, x[:1]))
    if len(once) != len(x):
        raise NetworkError(f"The network returned {len(once)} rows for {len(x)} inputs; it must return one an input.")
    finite = once[once.isfinite()]
    room = max(TOLERANCE, 8 * torch.finfo(x.dtype).eps) * (1 + (float(finite.abs().max()) if len(finite) else 0.0))
    if _differ(once, again, room):
        raise NetworkError(
            "The network's outputs change between two passes over the same inputs (dropout or noise that stays on in "
            "eval mode?); turn the randomness off: barriers of a moving landscape mean nothing."
        )
    if _differ(once[:1], alone, room):
        raise NetworkError(
            "The network's output for one input depends on the rest of the batch (batch statistics in eval mode?); "
            "use running statistics: pairs solved together would disturb one another."
        )
    _warn_of_probabilities(once)
    usable = (once.isfinite() | (once == -torch.inf)).all() and once.isfinite().any(1).all()
    return bool(usable) and not bool((x == x[:1]).all())


def _differ(one: Tensor, other: Tensor, room: float) -> bool:
    """Whether outputs are not the same up to rounding; NaN beside NaN says nothing."""
    both = one.isfinite() & other.isfinite()
    apart = torch.where(both, one - other, 0.0).abs() > room
    return bool((apart | (~both & (one != other) & ~(one.isnan() & other.isnan()))).any())


def _warn_of_probabilities(outputs: Tensor) -> None:
    if not bool(((outputs >= 0) & (outputs <= 1)).all()):
        return
    if bool(((outputs.sum(1) - 1).abs() < 1e-3).all()):
        _warn("look like probabilities (each row lies in [0, 1] and sums to 1)")


def _warn(what: str) -> None:
    warn(
        f"The network's outputs {what}, but logits were expected; remove the softmax at its end, or barriers will be "
        "far too low.",
        ProbabilitiesWarning,
    )


# What changes no order of classes, and has one input: a look behind it shows what was really computed last.
LOOKED_THROUGH = (
    "Mul", "Div", "Clamp", "Slice", "View", "UnsafeView", "Reshape", "Alias", "Clone", "ToCopy", "Transpose", "T",
    "Permute", "Squeeze", "Unsqueeze", "Select", "Add", "Sub", "Rsub", "Expand",
)  # fmt: skip
DEPTH = 12


def check_last_step(logits: Tensor) -> None:
    """The last thing that a model computes is no sigmoid: its outputs were probabilities of several labels.

    Args:
        logits: with what made them, as a pass that can be differentiated leaves it.

    Raises:
        NetworkError: it is one, also where it is scaled, cut or put into another shape afterwards.
    """
    node = logits.grad_fn
    for _ in range(DEPTH):
        if node is None:
            return
        name = type(node).__name__.partition("Backward")[0]
        if name in ("Sigmoid", "Hardsigmoid"):
            raise NetworkError(
                "The network ends in a sigmoid (binary, or several labels at once), but logits of classes of which "
                "one is right are needed; take it off, and of each label return the two logits (-z/2, z/2). If these "
                "are logits all the same, give Network(model, check=False)."
            )
        before = [made for made, _ in node.next_functions if made is not None]
        if name == "Softmax" and bool(((logits.sum(1) - 1).abs() > 1e-3).any()):  # others were told of already
            _warn("come from a softmax")
        if name not in LOOKED_THROUGH or len(before) != 1:
            return
        node = before[0]


def check_head(model: nn.Module) -> None:
    """The model does not end in a sigmoid, nor without a head.

    Raises:
        NetworkError: it does; it says what to do.
    """
    if getattr(model, "num_classes", None) == 0:
        raise NetworkError(
            f"The {type(model).__name__} has no classes (num_classes=0): it gives features, not logits. Make it with a "
            "head, or wrap it with one."
        )
    last = model
    while isinstance(last, nn.Sequential) and len(last):
        last = last[-1]
    if isinstance(last, nn.Sigmoid | nn.LogSigmoid):
        raise NetworkError(
            f"The network ends in a {type(last).__name__} (binary, or several labels at once), but logits of classes "
            "of which one is right are needed; take it off, and of each label return the two logits (-z/2, z/2)."
        )


def _first_layer(model: nn.Module) -> nn.Module | None:
    kinds = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
    return next((module for module in model.modules() if isinstance(module, kinds)), None)


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _channels(model: nn.Module) -> int | None:
    layer = _first_layer(model)
    return layer.in_channels if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Conv3d) else None


def _guesses(model: nn.Module, mean: Tensor | None) -> list[tuple[int, ...]]:
    layer = _first_layer(model)
    if isinstance(layer, nn.Linear):
        return [(layer.in_features,)]
    if not isinstance(layer, nn.Conv1d | nn.Conv2d):
        return []
    channels = len(mean) if mean is not None and len(mean) > 1 else layer.in_channels
    sizes: tuple[tuple[int, ...], ...] = ((32, 32), (28, 28), (8, 8), (64, 64), (224, 224))
    if isinstance(layer, nn.Conv1d):
        sizes = ((64,), (256,), (1024,))
    return [(channels, *size) for size in sizes]
