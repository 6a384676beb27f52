"""Which operator of PyTorch follows which rule; whatever is not listed is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch

from isthmus.certificates.affine_pieces.operators import bending, pooling, shapes
from isthmus.certificates.affine_pieces.operators.affine import (
    affine,
    batch_norm,
    batched_linear,
    clone,
    concatenate,
    like,
    linear,
    mixture,
    product,
    stack,
    total,
)
from isthmus.certificates.affine_pieces.operators.bending import bends_at
from isthmus.certificates.affine_pieces.operators.cancellation import watched
from isthmus.certificates.following import followed_among
from isthmus.certificates.following.dispatch import rule_for

aten = torch.ops.aten

AFFINE = [
    aten.convolution, aten.mkldnn_convolution, aten.cudnn_convolution, aten.avg_pool1d, aten.avg_pool2d,
    aten.avg_pool3d, aten.adaptive_avg_pool1d, aten._adaptive_avg_pool2d, aten._adaptive_avg_pool3d,
    aten.constant_pad_nd, aten.reflection_pad1d, aten.reflection_pad2d, aten.reflection_pad3d, aten.replication_pad1d,
    aten.replication_pad2d, aten.replication_pad3d, aten.upsample_nearest1d, aten.upsample_nearest2d,
    aten._upsample_nearest_exact2d, aten.upsample_linear1d, aten.upsample_bilinear2d, aten.upsample_bicubic2d, aten.neg,
    aten._to_copy, aten.detach, aten.alias, aten.pixel_shuffle, aten.pixel_unshuffle,
    aten.native_channel_shuffle, aten.channel_shuffle, aten.im2col, aten.lift_fresh,
    aten._native_batch_norm_legit_no_training, aten.col2im, aten.upsample_nearest3d, aten._upsample_nearest_exact1d,
    aten._upsample_nearest_exact3d, aten.upsample_trilinear3d, aten._upsample_bilinear2d_aa,
    aten._upsample_bicubic2d_aa,
]  # fmt: skip
ZERO = bends_at(lambda args, kwargs: [0.0])
RELU = bends_at(lambda args, kwargs: [0.0], constant_below=True)
HARDTANH = bends_at(bending.bounds)
CLAMP = bends_at(bending.bounds)
CLAMP_MAX = bends_at(lambda args, kwargs: [args[1]])
CLAMP_MIN = bends_at(lambda args, kwargs: [args[1]], constant_below=True)
RULES: dict[Any, Callable[..., Any]] = {
    **dict.fromkeys(AFFINE, affine),
    aten.native_batch_norm: batch_norm,
    aten.cudnn_batch_norm: batch_norm,
    aten.add: total,
    aten.add_: total,
    aten.sub: total,
    aten.sub_: total,
    aten.rsub: total,
    aten.where: total,
    aten.masked_fill: total,
    aten.masked_fill_: total,
    aten.lerp: mixture,
    aten.lerp_: mixture,
    aten.mul: product,
    aten.mul_: product,
    aten.div: product,
    aten.div_: product,
    aten.cat: concatenate,
    aten.stack: stack,
    aten.addmm: linear,
    aten.mm: linear,
    aten.bmm: batched_linear,
    aten.clone: clone,
    aten.zeros_like: like,
    aten.ones_like: like,
    aten.full_like: like,
    aten.new_zeros: like,
    aten.new_ones: like,
    aten.new_full: like,
    # shapes and axes
    aten.view: shapes.shaped,
    aten._unsafe_view: shapes.shaped,
    aten.expand: shapes.shaped,
    aten.repeat: shapes.repeated,
    aten.transpose: shapes.transposed,
    aten.permute: shapes.permuted,
    aten.index: shapes.indexed,
    aten.mean: shapes.along(1),
    aten.sum: shapes.along(1),
    aten.slice: shapes.along(1),
    aten.select: shapes.along(1),
    aten.squeeze: shapes.along(1),
    aten.unsqueeze: shapes.along(1),
    aten.flip: shapes.along(1),
    aten.roll: shapes.along(2),
    aten.cumsum: shapes.along(1),
    aten.unfold: shapes.along(1),
    aten.index_select: shapes.along(1),
    aten.split: shapes.split_along(2),
    aten.split_with_sizes: shapes.split_along(2),
    aten.unbind: shapes.split_along(1),
    # numbers that bend
    aten.relu: RELU,
    aten.relu_: RELU,
    aten.leaky_relu: ZERO,
    aten.leaky_relu_: ZERO,
    aten._prelu_kernel: ZERO,
    aten.abs: ZERO,
    aten.abs_: ZERO,
    aten.softshrink: bends_at(bending.around_zero),
    aten.hardsigmoid: bends_at(lambda args, kwargs: [-3.0, 3.0]),
    aten.hardsigmoid_: bends_at(lambda args, kwargs: [-3.0, 3.0]),
    aten.threshold: bending.threshold,
    aten.threshold_: bending.threshold,
    aten.hardtanh: HARDTANH,
    aten.hardtanh_: HARDTANH,
    aten.clamp: CLAMP,
    aten.clamp_: CLAMP,
    aten.clamp_min: CLAMP_MIN,
    aten.clamp_min_: CLAMP_MIN,
    aten.clamp_max: CLAMP_MAX,
    aten.clamp_max_: CLAMP_MAX,
    aten.maximum: bending.larger_or_smaller,
    aten.minimum: bending.larger_or_smaller,
    aten.fmax: bending.larger_or_smaller,
    aten.fmin: bending.larger_or_smaller,
    # the largest of many
    aten.max_pool2d_with_indices: pooling.max_pool(2),
    aten.max_pool3d_with_indices: pooling.max_pool(3),
    aten.adaptive_max_pool2d: pooling.adaptive_max_pool(2),
    aten.adaptive_max_pool3d: pooling.adaptive_max_pool(3),
    aten.amax: pooling.largest_along,
    aten.max: pooling.largest_along,
    aten.amin: pooling.smallest_along,
    aten.min: pooling.smallest_along,
}

# max_pool1d is made of max_pool2d and these, also for the places it gives.
SHAPES_OF_PLACES = {aten.squeeze, aten.unsqueeze, aten.detach, aten.alias}


def run(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What an operator gives for arguments among which there are Pieces.

    Raises:
        CannotFollowError: no rule is known for it, or none for these arguments.
    """
    unknown = "is not affine on pieces, or is not known to be"
    places = function.overloadpacket in SHAPES_OF_PLACES
    rule, full, named = rule_for(RULES, function, args, kwargs, unknown=unknown, places=places)
    first = next(iter(followed_among(full, named)), None)
    return watched(lambda: rule(function, full, named), function.overloadpacket, full, named, first)
