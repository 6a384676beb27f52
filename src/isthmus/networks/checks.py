"""Trying a network out: the mistakes that would make every later number wrong."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn

from isthmus._random import generator
from isthmus._shapes import Inputs, Logits
from isthmus.errors import NetworkError, ProbabilitiesWarning

Evaluate: TypeAlias = Callable[[Inputs], Logits]  # one pass of a network that is held fixed, without gradients

TOLERANCE = 1e-3  # relative: far above the rounding of any device, far below a real dependence


def channel_values(name: str, values: Sequence[float] | float | Tensor | None) -> Tensor | None:
    """`mean` or `std` as a tensor (channels,), or None."""
    if values is None:
        return None
    tensor = torch.as_tensor(values, dtype=torch.float64).reshape(-1)
    if not bool(tensor.isfinite().all()) or (name == "std" and not bool((tensor > 0).all())):
        raise NetworkError(f"{name} needs finite{' positive' if name == 'std' else ''} numbers, got {tensor.tolist()}.")
    return tensor


def check_channels(
    model: nn.Module, mean: Tensor | None, std: Tensor | None, input_shape: tuple[int, ...] | None
) -> None:
    """Mean, std, the first layer and the inputs must agree about the number of channels."""
    known = {name: len(v) for name, v in (("mean", mean), ("std", std)) if v is not None and len(v) > 1}
    layer = _first_layer(model)
    if isinstance(layer, nn.Conv1d | nn.Conv2d | nn.Conv3d):
        known[f"the first layer ({type(layer).__name__})"] = layer.in_channels
    if len(set(known.values())) > 1:
        raise NetworkError(
            "The number of channels differs: "
            + ", ".join(f"{name} has {count}" for name, count in known.items())
            + ". Give one mean and one std for each channel that the network takes."
        )
    if known and input_shape is not None and len(input_shape) > 1:
        expected = next(iter(known.values()))
        if input_shape[0] != expected:
            hint = " The last axis fits: these look like HWC images; use x.permute(0, 3, 1, 2)." * (
                input_shape[-1] == expected
            )
            raise NetworkError(
                f"The network takes {expected} channels, got inputs of shape {input_shape} with {input_shape[0]}.{hint}"
            )


def probe(model: nn.Module, input_shape: tuple[int, ...] | None, like: Tensor, evaluate: Evaluate) -> Tensor | None:
    """A few random inputs in [0, 1] that the network accepts, or None where no shape is known or guessed.

    They are of the type and on the device of `like`.
    """
    random = generator(0)
    for shape in [input_shape] if input_shape else _guesses(model):
        x = torch.rand((3, *shape), generator=random).to(like)
        try:
            evaluate(x[:1])
        except NetworkError:
            raise
        except (RuntimeError, ValueError, IndexError, TypeError, AssertionError) as error:
            if input_shape:
                raise NetworkError(
                    f"The network does not accept inputs of its input_shape {shape}: {str(error).splitlines()[0]}"
                ) from error
            continue
        return x
    return None


def check_outputs(evaluate: Evaluate, x: Inputs) -> None:
    """Outputs are logits, the same in two passes, and each from its own input alone."""
    once, again, alone = (evaluate(part).double() for part in (x, x, x[:1]))
    if len(once) != len(x):
        raise NetworkError(f"The network returned {len(once)} rows for {len(x)} inputs; it must return one an input.")
    finite = once.isfinite()
    if not bool(finite.all()):
        return  # reported where it happens, input by input
    room = TOLERANCE * (1 + once.abs().max())
    if bool((once - again).abs().max() > room):
        raise NetworkError(
            "The network's outputs change between two passes over the same inputs (dropout or noise that stays on in "
            "eval mode?); turn the randomness off: barriers of a moving landscape mean nothing."
        )
    if bool((once[:1] - alone).abs().max() > room):
        raise NetworkError(
            "The network's output for one input depends on the rest of the batch (batch statistics in eval mode?); "
            "use running statistics: pairs solved together would disturb one another."
        )
    sums = once.sum(1)
    if bool((once >= 0).all()) and bool((once <= 1).all()) and bool(((sums - 1).abs() < 1e-3).all()):
        warnings.warn(
            "The network's outputs look like probabilities (each row lies in [0, 1] and sums to 1), but logits were "
            "expected; remove the softmax at its end, or barriers will be far too low.",
            ProbabilitiesWarning,
            stacklevel=4,
        )


def _first_layer(model: nn.Module) -> nn.Module | None:
    kinds = (nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Linear)
    return next((module for module in model.modules() if isinstance(module, kinds)), None)


def _guesses(model: nn.Module) -> list[tuple[int, ...]]:
    layer = _first_layer(model)
    if isinstance(layer, nn.Linear):
        return [(layer.in_features,)]
    if isinstance(layer, nn.Conv2d):
        return [(layer.in_channels, size, size) for size in (32, 28, 8, 64, 224)]
    if isinstance(layer, nn.Conv1d):
        return [(layer.in_channels, size) for size in (64, 256, 1024)]
    return []
