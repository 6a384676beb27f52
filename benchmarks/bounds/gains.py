"""Gains: by how much an operator can stretch a change of what it is given, in the Euclidean norm."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from isthmus.certificates.affine_pieces.operators.table import AFFINE

aten = torch.ops.aten
ROUNDING = 1 + 1e-6  # norms are computed in float64
LARGEST_GRID = 512  # frequencies along an axis; for larger images a coarser, looser bound is taken

# Linear, and with weights that are not negative: means, sums, views, padding, ...
_NOT_NEGATIVE = {
    *AFFINE, aten.view, aten._unsafe_view, aten.expand, aten.transpose, aten.permute, aten.index, aten.mean, aten.sum,
    aten.slice, aten.select, aten.squeeze, aten.unsqueeze, aten.flip, aten.roll, aten.index_select, aten.split,
    aten.split_with_sizes, aten.unbind,
} - {aten.convolution, aten.mkldnn_convolution, aten.cudnn_convolution, aten.upsample_bicubic2d}  # fmt: skip
_UNCHANGED = {
    aten.add, aten.add_, aten.sub, aten.sub_, aten.cat, aten.stack, aten.relu, aten.relu_, aten.abs, aten.abs_,
    aten.softshrink, aten.threshold, aten.threshold_, aten.hardtanh, aten.hardtanh_, aten.clamp, aten.clamp_,
    aten.clamp_min, aten.clamp_min_, aten.clamp_max, aten.clamp_max_, aten.maximum, aten.minimum, aten.amax,
}  # fmt: skip
CONVOLUTIONS = {aten.convolution, aten.mkldnn_convolution, aten.cudnn_convolution}
NORMS = {aten.native_batch_norm, aten._native_batch_norm_legit_no_training, aten.cudnn_batch_norm}


def gain(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], shape: Sequence[int]) -> float:
    """A bound on |f(x + e) - f(x)| / |e|; infinite where none is known.

    Args:
        function: the operator.
        args, kwargs: its arguments, with None for what depends on the input.
        shape: of what depends on the input (1, *rest).
    """
    packet = function.overloadpacket
    if packet in CONVOLUTIONS:
        return convolution_norm(args, shape)
    if packet in NORMS:
        return float(scale_of(args).abs().max()) * ROUNDING
    if packet in (aten.addmm, aten.mm, aten.bmm):
        matrix = args[2] if packet is aten.addmm else args[1]
        return float(torch.linalg.matrix_norm(matrix.double(), 2).max()) * ROUNDING
    if packet in (aten.mul, aten.mul_):
        return _largest(next(each for each in args if each is not None))
    if packet in (aten.div, aten.div_):
        return _largest(1 / torch.as_tensor(args[1], dtype=torch.float64))
    if packet in (aten.leaky_relu, aten.leaky_relu_):
        return max(1.0, abs(args[1] if len(args) > 1 else 0.01))
    if packet is aten._prelu_kernel:
        return max(1.0, _largest(args[1]))
    if packet in (aten.max_pool2d, aten.max_pool2d_with_indices, aten.max_pool3d_with_indices):
        return _overlap(args)
    if packet in _UNCHANGED:
        return 1.0
    if packet in _NOT_NEGATIVE:
        return _not_negative(function, args, kwargs, shape)
    return math.inf


def _largest(factor: Any) -> float:
    return float(torch.as_tensor(factor, dtype=torch.float64).abs().max()) * ROUNDING


def _overlap(args: Sequence[Any]) -> float:
    """Of max-pooling: every number is in so many windows."""
    kernel = args[1] if len(args[1]) > 1 else args[1] * 2
    stride = args[2] if len(args) > 2 and args[2] else kernel
    stride = stride if len(stride) > 1 else stride * 2
    return math.sqrt(math.prod(math.ceil(size / step) for size, step in zip(kernel, stride, strict=True)))


def _not_negative(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any], shape: Sequence[int]) -> float:
    """Sqrt(|A|_1 |A|_inf) >= |A|_2: largest sums of columns and rows, read off what A and its transpose do to ones."""
    with torch.inference_mode(False), torch.enable_grad():
        ones = torch.ones(tuple(shape), dtype=torch.float64, requires_grad=True)
        zero = torch.zeros_like(ones)

        def apply(x: Tensor) -> Tensor:
            made = function(*[x if each is None and place == 0 else each for place, each in enumerate(args)], **kwargs)
            return torch.cat([each.flatten() for each in made]) if isinstance(made, list | tuple) else made

        with torch.no_grad():
            constant = apply(zero)
        rows = apply(ones) - constant
        (columns,) = torch.autograd.grad(rows.sum(), ones)
    return float((rows.abs().max() * columns.abs().max()).sqrt()) * ROUNDING


def scale_of(args: Sequence[Any]) -> Tensor:
    """What a batch norm multiplies each channel by (channels,); args: x, weight, bias, mean, var, ..., eps."""
    eps = float(args[-1])
    scale = (args[4].double() + eps).rsqrt()
    return scale if args[1] is None else scale * args[1].double()


def convolution_norm(args: Sequence[Any], shape: Sequence[int], scale: Tensor | None = None) -> float:
    """Of a convolution, with its channels of output multiplied by `scale`: the largest over frequencies on a torus.

    A convolution with zeros around an image is a part of one on a torus that is larger than image and kernel together;
    a stride leaves out a part of what comes out.
    """
    weight, transposed, groups, dilation = args[1].double(), args[6], args[8], args[5]
    if transposed and scale is not None:
        return convolution_norm(args, shape) * float(scale.abs().max())
    if scale is not None:
        weight = weight * scale.reshape(-1, *(1,) * (weight.ndim - 1))
    axes = range(2, weight.ndim)
    reach = [(weight.shape[axis] - 1) * dilation[axis - 2] for axis in axes]
    # A kernel on a dilated grid stretches as much as the dense one does on a grid of its own.
    sizes = [shape[axis] + around + (shape[axis] + around) % 2 for axis, around in zip(axes, reach, strict=True)]
    if any(step != 1 for step in dilation):
        spread = weight.new_zeros((*weight.shape[:2], *[around + 1 for around in reach]))
        spread[(..., *[slice(None, None, step) for step in dilation])] = weight
        weight = spread
    if max(sizes) > LARGEST_GRID:
        return math.inf
    per_group = weight.reshape(groups, -1, *weight.shape[1:])
    spectrum = torch.fft.rfftn(per_group, s=sizes, dim=tuple(range(3, per_group.ndim)))
    matrices = spectrum.flatten(3).permute(0, 3, 1, 2)
    return math.sqrt(float(_largest_gram(matrices))) * ROUNDING


def _largest_gram(matrices: Tensor) -> Tensor:
    """Largest squared singular value of (..., rows, columns)."""
    rows, columns = matrices.shape[-2:]
    adjoint = matrices.conj().transpose(-1, -2)
    gram = matrices @ adjoint if rows <= columns else adjoint @ matrices
    return torch.linalg.eigvalsh(gram).max()
