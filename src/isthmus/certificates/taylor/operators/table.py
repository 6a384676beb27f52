"""Which operator of PyTorch follows which rule; whatever is not listed is refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from isthmus.certificates.following import by_operators
from isthmus.certificates.following.arguments import check_readable
from isthmus.certificates.following.dispatch import refuse_unseen, rule_for
from isthmus.certificates.taylor.functions import Erf, Exp, Log, Power, Sigmoid, Silu, Sine, Tanh
from isthmus.certificates.taylor.model import Args, Model, Named
from isthmus.certificates.taylor.operators import kinks, linear, normalising, pooling, shapes, slopes, smooth, sums

aten = torch.ops.aten

MOVING = [
    aten.view, aten._unsafe_view, aten.reshape, aten._reshape_alias, aten.transpose, aten.permute, aten.t,
    aten.unsqueeze, aten.squeeze, aten.select, aten.slice, aten.flip, aten.roll, aten.pixel_shuffle,
    aten.pixel_unshuffle, aten.channel_shuffle, aten.native_channel_shuffle, aten.narrow,
]  # fmt: skip
REPEATING = [
    aten.expand, aten.repeat, aten.index, aten.index_select, aten.im2col, aten.unfold, aten.upsample_nearest1d,
    aten.upsample_nearest2d, aten._upsample_nearest_exact2d, aten.reflection_pad1d, aten.reflection_pad2d,
    aten.replication_pad1d, aten.replication_pad2d, aten.tril, aten.triu, aten.diagonal,
]  # fmt: skip
AVERAGING = [
    aten.avg_pool1d, aten.avg_pool2d, aten.avg_pool3d, aten.adaptive_avg_pool1d, aten._adaptive_avg_pool2d,
    aten._adaptive_avg_pool3d, aten.upsample_linear1d, aten.upsample_bilinear2d, aten.cumsum,
    aten.upsample_linear1d_backward, aten.upsample_bilinear2d_backward, aten.upsample_nearest1d_backward,
    aten.upsample_nearest2d_backward, aten._upsample_nearest_exact2d_backward,
]  # fmt: skip
SAME = [aten.clone, aten.detach, aten.alias, aten._to_copy, aten.lift_fresh]
BATCH_NORM = [aten.native_batch_norm, aten._native_batch_norm_legit_no_training, aten.cudnn_batch_norm]
RULES: dict[Any, Callable[..., Any]] = {
    **dict.fromkeys(MOVING, shapes.moving),
    **dict.fromkeys(REPEATING, shapes.repeating),
    **dict.fromkeys(AVERAGING, linear.averaging),
    **dict.fromkeys(SAME, shapes.same),
    **dict.fromkeys(BATCH_NORM, linear.batch_norm),
    aten.split: shapes.cutting,
    aten.split_with_sizes: shapes.cutting,
    aten.unbind: shapes.cutting,
    aten.cat: shapes.joined,
    aten.stack: shapes.joined,
    aten.constant_pad_nd: shapes.padded,
    aten.zeros_like: shapes.like,
    aten.ones_like: shapes.like,
    aten.full_like: shapes.like,
    aten.new_zeros: shapes.like,
    aten.new_ones: shapes.like,
    aten.new_full: shapes.like,
    # layers
    aten.addmm: linear.addmm,
    aten.mm: linear.matrix_product,
    aten.bmm: linear.matrix_product,
    aten.matmul: linear.matrix_product,
    aten.convolution: linear.convolution,
    aten.mean: linear.summing,
    aten.sum: linear.summing,
    # sums and products
    aten.add: sums.total(1),
    aten.add_: sums.total(1),
    aten.sub: sums.total(-1),
    aten.sub_: sums.total(-1),
    aten.rsub: sums.reversed_difference,
    aten.mul: sums.product,
    aten.mul_: sums.product,
    aten.div: sums.quotient,
    aten.div_: sums.quotient,
    aten.neg: sums.negative,
    aten.neg_: sums.negative,
    aten.where: sums.chosen,
    aten.masked_fill: sums.chosen,
    aten.masked_fill_: sums.chosen,
    # smooth functions of one number
    aten.exp: smooth.smooth(Exp()),
    aten.expm1: smooth.expm1,
    aten.log: smooth.smooth(Log()),
    aten.sigmoid: smooth.smooth(Sigmoid()),
    aten.sigmoid_: smooth.smooth(Sigmoid()),
    aten.tanh: smooth.smooth(Tanh()),
    aten.tanh_: smooth.smooth(Tanh()),
    aten.silu: smooth.smooth(Silu()),
    aten.silu_: smooth.smooth(Silu()),
    aten.erf: smooth.smooth(Erf()),
    aten.sin: smooth.smooth(Sine()),
    aten.cos: smooth.smooth(Sine(1)),
    aten.sqrt: smooth.smooth(Power(0.5)),
    aten.rsqrt: smooth.smooth(Power(-0.5)),
    aten.reciprocal: smooth.smooth(Power(-1.0)),
    aten.square: smooth.smooth(Power(2.0)),
    aten.pow: smooth.power,
    aten.pow_: smooth.power,
    aten.gelu: smooth.gelu,
    aten.mish: smooth.mish,
    aten.mish_: smooth.mish,
    aten.softplus: smooth.softplus,
    aten.log_sigmoid_forward: smooth.log_sigmoid,
    # functions with kinks
    aten.relu: kinks.rectified,
    aten.relu_: kinks.rectified,
    aten.leaky_relu: kinks.leaky,
    aten.leaky_relu_: kinks.leaky,
    aten._prelu_kernel: kinks.leaky,
    aten.abs: kinks.magnitude,
    aten.abs_: kinks.magnitude,
    aten.hardtanh: kinks.clamped,
    aten.hardtanh_: kinks.clamped,
    aten.clamp: kinks.clamped,
    aten.clamp_: kinks.clamped,
    aten.clamp_min: kinks.clamped_below,
    aten.clamp_min_: kinks.clamped_below,
    aten.clamp_max: kinks.clamped_above,
    aten.clamp_max_: kinks.clamped_above,
    aten.maximum: kinks.of_two,
    aten.minimum: kinks.of_two,
    aten.hardsigmoid: kinks.hard_sigmoids,
    aten.hardsigmoid_: kinks.hard_sigmoids,
    aten.hardswish: kinks.hard_swish,
    aten.hardswish_: kinks.hard_swish,
    aten.elu: kinks.elu,
    aten.elu_: kinks.elu,
    aten.celu: kinks.celu,
    aten.celu_: kinks.celu,
    # the largest of many
    aten.max_pool2d_with_indices: pooling.max_pool(2),
    aten.max_pool3d_with_indices: pooling.max_pool(3),
    aten.amax: pooling.largest_along,
    aten.max: pooling.largest_along,
    aten.amin: pooling.largest_along,
    aten.min: pooling.largest_along,
    # norms, softmax
    aten.native_layer_norm: normalising.layer_norm,
    aten.native_group_norm: normalising.group_norm,
    aten._softmax: normalising.softmax_rule,
    aten._log_softmax: normalising.log_softmax,
    aten.logsumexp: normalising.log_sum_exp,
    aten.var: normalising.spread(root=False),
    aten.std: normalising.spread(root=True),
    aten.linalg_vector_norm: normalising.two_norm,
    aten.glu: normalising.gated,
    # backward passes that are more than what they are made of
    aten.softplus_backward: slopes.softplus,
    aten.native_layer_norm_backward: slopes.layer_norm,
    aten._scaled_dot_product_flash_attention_for_cpu_backward: slopes.attention,
    aten._scaled_dot_product_flash_attention_for_cpu: normalising.fused_attention,
    aten._scaled_dot_product_attention_math: normalising.fused_attention,
}


def run(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What an operator gives for arguments among which there are Models.

    Raises:
        CannotFollowError: no rule is known for it, or none for these arguments.
    """
    rule, full, named = rule_for(RULES, function, args, kwargs, unknown="is not known to Taylor models")
    return rule(function, full, named)


def _linear(args: Args, kwargs: Named) -> Any:
    full = dict(zip(("input", "weight", "bias"), args, strict=False)) | dict(kwargs)
    return linear.layer(full["input"], full["weight"], full.get("bias"))


def _matmul(args: Args, kwargs: Named) -> Any:
    left, right = args
    if isinstance(left, Model) and isinstance(right, Tensor) and not isinstance(right, Model) and right.ndim == 2:
        return linear.layer(left, right.T)
    return None


# Functions that are followed as they are called: what they are made of would hide what is known of them.
FUNCTIONS: dict[Any, Callable[[Args, Named], Any]] = {
    functional.linear: _linear,
    torch.matmul: _matmul,
    torch.Tensor.matmul: _matmul,
    functional.scaled_dot_product_attention: normalising.attention,
    functional.rms_norm: normalising.rms_norm,
}


def call(function: Any, args: Sequence[Any], kwargs: Named) -> Any:
    """What a function gives; where nothing is known of it, by the operators that it is made of.

    Raises:
        CannotFollowError: it cannot be followed.
    """
    refuse_unseen(function)
    known = FUNCTIONS.get(function)
    if known is not None:
        check_readable(function, args, kwargs)
        with torch._C.DisableTorchFunctionSubclass():
            made = known(args, kwargs)
        if made is not None:
            return made
    return by_operators(function, args, kwargs)
