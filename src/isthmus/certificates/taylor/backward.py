"""What a backward pass is made of, where PyTorch has one operator for all of it: of operators that have a rule.

Only the gradient of the input is asked for: weights are held fixed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from math import prod
from typing import Any

import torch
from torch import Tensor

aten = torch.ops.aten
Gradients = tuple[Any, None, None]
UNKNOWN = NotImplemented  # the operator stays, and has a rule of its own or is refused


def _group_norm(
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    count: int,
    channels: int,
    places: int,
    groups: int,
    eps: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """As it is, with mean and scale, which the backward pass takes."""
    flat = x.reshape(count, groups, channels // groups * places)
    mean = flat.mean(2, keepdim=True)
    apart = flat - mean
    scale = torch.rsqrt((apart * apart).mean(2, keepdim=True) + eps)
    made = (apart * scale).reshape(x.shape)
    one = (1, channels, *(1,) * (x.ndim - 2))
    made = made if weight is None else made * weight.reshape(one)
    made = made if bias is None else made + bias.reshape(one)
    return made, mean.reshape(count, groups), scale.reshape(count, groups)


def _convolution(
    grad: Tensor,
    x: Tensor,
    weight: Tensor,
    _bias_sizes: Any,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    transposed: bool,
    _output_padding: Sequence[int],
    groups: int,
    _mask: Any,
) -> Gradients:
    """Of a convolution a transposed one, and the other way round."""
    if transposed:
        found = aten.convolution(grad, weight, None, stride, padding, dilation, False, [0] * len(stride), groups)
        for axis, size in enumerate(x.shape[2:], 2):  # places that the output was padded by may reach beyond
            found = found.narrow(axis, 0, size)
        return found, None, None
    missing = [
        size - ((made - 1) * step - 2 * around + apart * (kernel - 1) + 1)
        for size, made, step, around, apart, kernel in zip(
            x.shape[2:], grad.shape[2:], stride, padding, dilation, weight.shape[2:], strict=True
        )
    ]
    return aten.convolution(grad, weight, None, stride, padding, dilation, True, missing, groups), None, None


def _average_pool(
    grad: Tensor,
    x: Tensor,
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[int],
    ceil_mode: bool,
    count_include_pad: bool,
    divisor_override: int | None,
) -> Any:
    """Each number goes to all places that it was the mean of: a transposed convolution, channel by channel."""
    if ceil_mode or (any(padding) and not count_include_pad and divisor_override is None):
        return UNKNOWN
    kernel, stride = ([*each, *each] if len(each) == 1 else list(each) for each in (kernel, stride or kernel))
    padding = [*padding, *padding] if len(padding) == 1 else list(padding)
    channels = x.shape[1]
    weight = torch.full(
        (channels, 1, *kernel), 1 / (divisor_override or prod(kernel)), dtype=grad.dtype, device=grad.device
    )
    return _convolution(grad, x, weight, None, stride, padding, [1, 1], False, [0, 0], channels, None)[0]


def _adaptive_average_pool(grad: Tensor, x: Tensor) -> Any:
    kernel = [size // made for size, made in zip(x.shape[2:], grad.shape[2:], strict=True)]
    if [made * side for made, side in zip(grad.shape[2:], kernel, strict=True)] != list(x.shape[2:]):
        return UNKNOWN
    return _average_pool(grad, x, kernel, kernel, [0, 0], False, True, None)


def _laid_out(x: Tensor, size: Sequence[int], _stride: Sequence[int], _offset: int | None = None) -> Any:
    """Another layout of the same numbers, as global pooling writes it down."""
    return x if list(x.shape) == list(size) else UNKNOWN


def _softmax(x: Tensor, dim: int, _dtype: torch.dtype | None = None) -> Tensor:
    """Where no row is masked as a whole; that is found out when both are compared."""
    found: Tensor = aten._softmax(x, dim, False)
    return found


def _log_sigmoid(grad: Tensor, x: Tensor, _buffer: Tensor) -> Tensor:
    return grad * torch.sigmoid(-x)


def _selected(grad: Tensor, sizes: Sequence[int], dim: int, index: int) -> Tensor:
    dim, index = dim % len(sizes), index % sizes[dim]
    return _padded(grad.unsqueeze(dim), sizes, dim, index)


def _sliced(grad: Tensor, sizes: Sequence[int], dim: int, start: int, _end: int, step: int) -> Tensor:
    dim = dim % len(sizes)
    start = min(max(start + sizes[dim] if start < 0 else start, 0), sizes[dim])
    if step > 1:  # zeros between the numbers, of which those after the last may be too many
        one = [*grad.shape[: dim + 1], step, *grad.shape[dim + 1 :]]
        spread = _padded(grad.unsqueeze(dim + 1), one, dim + 1, 0).flatten(dim, dim + 1)
        grad = spread.narrow(dim, 0, min(spread.shape[dim], sizes[dim] - start))
    return _padded(grad, sizes, dim, start)


def _padded(grad: Tensor, sizes: Sequence[int], dim: int, first: int) -> Tensor:
    around = [0, 0] * (len(sizes) - 1 - dim) + [first, sizes[dim] - first - grad.shape[dim]]
    found: Tensor = aten.constant_pad_nd(grad, around, 0)
    return found


OURS: Mapping[Any, Callable[..., Any]] = {
    aten.native_group_norm.default: _group_norm,
    aten.convolution_backward.default: _convolution,
    aten.avg_pool2d_backward.default: _average_pool,
    aten._adaptive_avg_pool2d_backward.default: _adaptive_average_pool,
    aten.as_strided_.default: _laid_out,
    aten._safe_softmax.default: _softmax,
    aten.log_sigmoid_backward.default: _log_sigmoid,
    aten.select_backward.default: _selected,
    aten.slice_backward.default: _sliced,
}
# What PyTorch itself knows the parts of.
THEIRS = (
    aten.sigmoid_backward,
    aten.tanh_backward,
    aten.gelu_backward,
    aten.silu_backward,
    aten.mish_backward,
    aten.glu_backward,
    aten._softmax_backward_data,
    aten._log_softmax_backward_data,
    aten.native_group_norm_backward,
    aten.native_batch_norm_backward,
)


@cache
def decompositions() -> dict[Any, Callable[..., Any]]:
    """By operator, what it is made of."""
    from torch._decomp import get_decompositions

    return {**get_decompositions(THEIRS), **OURS}
