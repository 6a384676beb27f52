"""Operators: what each operator of PyTorch does to a function that is affine between knots."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from isthmus.errors import NetworkError
from isthmus.exact.breaking import at_changes_of_the_largest, at_levels
from isthmus.exact.pieces import Pieces, together

aten = torch.ops.aten


class NotPiecewiseAffineError(NetworkError):
    """A network computes something that is not affine on pieces, or that is not known to be.

    Attributes:
        operator: its name.
    """

    def __init__(self, operator: str, why: str) -> None:
        super().__init__(f"{operator} {why}")
        self.operator = operator


def run(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What an operator gives for arguments among which there are Pieces."""
    for piece in _pieces(args, kwargs):
        if piece.stale:
            raise NotPiecewiseAffineError(str(function), "uses a tensor that was changed in place through a view of it")
    packet = function.overloadpacket
    if packet in RULES:
        return RULES[packet](function, args, kwargs)
    if packet in AFFINE:
        return _affine(function, args, kwargs)
    raise NotPiecewiseAffineError(_name(function), "is not affine on pieces, or is not known to be")


def _name(function: Any) -> str:
    return str(function.overloadpacket).removeprefix("aten.")


def _pieces(args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Pieces]:
    flat = [each for arg in (*args, *kwargs.values()) for each in (arg if isinstance(arg, list | tuple) else [arg])]
    return [each for each in flat if isinstance(each, Pieces)]


# ---- affine operators: they act on the values at the knots


def _affine(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """An operator of one function of t that treats every member of a batch alike."""
    (piece,) = _only(function, args, kwargs)
    plain = [each.numbers if each is piece else each for each in args]
    return _wrap(function, piece, function(*plain, **kwargs))


def _only(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Pieces]:
    pieces = _pieces(args, kwargs)
    if len(pieces) != 1 or not any(pieces[0] is arg for arg in args):
        raise NotPiecewiseAffineError(_name(function), "takes several tensors that depend on the input")
    return pieces


def _wrap(function: Any, piece: Pieces, result: Any) -> Any:
    if isinstance(result, tuple):  # batch norm also gives statistics, which nobody reads in eval mode
        return (piece.with_numbers(result[0]), *result[1:])
    if result.shape[:1] != piece.numbers.shape[:1]:
        raise NotPiecewiseAffineError(_name(function), "mixes the members of a batch")
    if not result.is_floating_point():
        raise NotPiecewiseAffineError(_name(function), "makes whole numbers of what depends on the input")
    made = piece.with_numbers(result)
    shared = result.untyped_storage().data_ptr() == piece.numbers.untyped_storage().data_ptr()
    return made.view_of(piece) if shared else made


def _batch_norm(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    if True in args[5:6]:  # native_batch_norm(input, weight, bias, mean, var, training, ...)
        raise NotPiecewiseAffineError(_name(function), "normalises with statistics of the batch; call eval()")
    return _affine(function, args, kwargs)


def _shaped(place: int) -> Callable[..., Any]:
    """An operator that is given a new shape, of which the first axis is the batch."""

    def rule(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        piece = args[0]
        size = list(args[place])
        if function.overloadpacket is aten.expand:  # -1 keeps an axis there
            kept = [1] * (len(size) - piece.ndim) + list(piece.shape)
            size = [own if wanted == -1 else wanted for own, wanted in zip(kept, size, strict=True)]
        elif -1 in size:
            known = -torch.Size(size).numel()
            size[size.index(-1)] = piece.numel() // max(1, known)
        if not size or size[0] != 1:
            raise NotPiecewiseAffineError(_name(function), f"gives the shape {size}, of which the first is no batch")
        plain = [*args]
        plain[0], plain[place] = piece.numbers, [len(piece.knots), *size[1:]]
        # `view` wants a layout that values at knots need not have.
        reshape = function.overloadpacket in (aten.view, aten._unsafe_view)
        return piece.with_numbers((aten.reshape if reshape else function)(*plain, **kwargs)).view_of(piece)

    return rule


def _along(place: int) -> Callable[..., Any]:
    """An operator along axes, of which the batch must not be one."""

    def rule(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        piece = args[0]
        axes = args[place] if len(args) > place else kwargs.get("dim")
        listed = axes if isinstance(axes, list | tuple) else [0 if axes is None else axes]
        axes_after = piece.ndim + (function.overloadpacket is aten.unsqueeze)
        if not listed or any(axis % axes_after == 0 for axis in listed):
            raise NotPiecewiseAffineError(_name(function), "works along the batch")
        return _affine(function, args, kwargs)

    return rule


def _transpose(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    piece = args[0]
    if any(axis % piece.ndim == 0 for axis in args[1:]):
        raise NotPiecewiseAffineError(_name(function), "moves the batch")
    return _affine(function, args, kwargs)


def _permute(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    if args[1][0] % args[0].ndim != 0:
        raise NotPiecewiseAffineError(_name(function), "moves the batch")
    return _affine(function, args, kwargs)


def _sum(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """Sums and differences, of two functions of t or of one and a constant."""
    pieces = _pieces(args, kwargs)
    if len({piece.ndim for piece in pieces}) > 1:
        raise NotPiecewiseAffineError(_name(function), "joins tensors of different numbers of axes")
    joined = iter(together(pieces))
    plain = [next(joined) if isinstance(each, Pieces) else _constant(function, each, pieces[0]) for each in args]
    made = _out_of_place(function)(*[each.numbers if isinstance(each, Pieces) else each for each in plain], **kwargs)
    result = next(each for each in plain if isinstance(each, Pieces)).with_numbers(made)
    return _into(args[0], result) if _in_place(function) else result


def _out_of_place(function: Any) -> Any:
    """The same operator on fresh memory: values at knots may be shared by views."""
    return getattr(aten, _name(function)[:-1]) if _in_place(function) else function


def _product(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """A function of t times a constant, or over a constant."""
    pieces = _pieces(args, kwargs)
    over = function.overloadpacket in (aten.div, aten.div_) and not isinstance(args[0], Pieces)
    if len(pieces) != 1 or over or kwargs.get("rounding_mode") is not None:
        raise NotPiecewiseAffineError(_name(function), "multiplies or divides by something that depends on the input")
    return _sum(function, args, kwargs)


def _constant(function: Any, value: Any, piece: Pieces) -> Any:
    if isinstance(value, Tensor) and (
        value.ndim > piece.ndim or (value.ndim == piece.ndim and value.ndim and value.shape[0] != 1)
    ):
        raise NotPiecewiseAffineError(_name(function), "mixes the members of a batch")
    return value


def _concatenate(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    parts, axis = args[0], args[1] if len(args) > 1 else kwargs.get("dim", 0)
    if axis % parts[0].ndim == 0:
        raise NotPiecewiseAffineError(_name(function), "works along the batch")
    joined = together([part for part in parts if isinstance(part, Pieces)])
    count, rest = len(joined[0].knots), iter(joined)
    values = [next(rest).numbers if isinstance(part, Pieces) else part.expand(count, *part.shape[1:]) for part in parts]
    return joined[0].with_numbers(torch.cat(values, axis))


def _linear(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """addmm(bias, x, weight) and mm(x, weight)."""
    place = 1 if function.overloadpacket is aten.addmm else 0
    if not isinstance(args[place], Pieces):
        raise NotPiecewiseAffineError(_name(function), "has the input on its right side")
    return _affine(function, args, kwargs)


# ---- operators that break


def _break_at(levels: Callable[[Sequence[Any], Mapping[str, Any]], Sequence[float | None]]) -> Callable[..., Any]:
    """An operator on single numbers that is affine between some levels."""

    def rule(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        _only(function, args, kwargs)
        found = [level for level in levels(args, kwargs) if level is not None]
        if any(isinstance(level, Tensor) for level in found):
            raise NotPiecewiseAffineError(_name(function), "has tensors as its bounds")
        piece = at_levels(args[0], found)
        result = piece.with_numbers(_out_of_place(function)(piece.numbers, *args[1:], **kwargs))
        return _into(args[0], result) if _in_place(function) else result

    return rule


def _in_place(function: Any) -> bool:
    name = _name(function)
    return name.endswith("_") and not name.endswith("__")


def _into(target: object, result: Pieces) -> Pieces:
    """Gives a function of t new knots and values, as an in-place operator does."""
    if not isinstance(target, Pieces):
        raise NotPiecewiseAffineError(
            "an in-place operator", "puts what depends on the input into a tensor that does not"
        )
    if target.shape != result.shape:
        raise NotPiecewiseAffineError("an in-place operator", "changes the shape of its tensor")
    return target.become(result)


def _max_pool(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    piece = args[0]
    shape = piece.numbers.shape[1:]
    numbers = torch.arange(1, shape.numel() + 1, dtype=torch.float64, device=piece.numbers.device).reshape(1, *shape)
    members = _windows(numbers, *args[1:]) - 1
    piece, left = at_changes_of_the_largest(piece, members)
    piece.run.unresolved += left
    result = function(piece.numbers, *args[1:], **kwargs)
    return (piece.with_numbers(result[0]), *result[1:]) if isinstance(result, tuple) else piece.with_numbers(result)


def _windows(
    x: Tensor, kernel: Sequence[int], stride: Sequence[int] = (), padding: Sequence[int] = (0,),
    dilation: Sequence[int] = (1,), ceil_mode: bool = False,
) -> Tensor:  # fmt: skip
    """Numbers in every window (windows, size); 0 where a window reaches outside."""
    pair = [list(each) * 2 if len(each) == 1 else list(each) for each in (kernel, stride or kernel, padding, dilation)]
    (kh, kw), (sh, sw), (ph, pw), (dh, dw) = pair
    below = (sh - 1, sw - 1) if ceil_mode else (0, 0)
    padded = torch.nn.functional.pad(x, (pw, pw + below[1], ph, ph + below[0]))
    channels = padded.shape[1]
    found = torch.nn.functional.unfold(padded, (kh, kw), (dh, dw), 0, (sh, sw))
    return found.reshape(channels, kh * kw, -1).permute(0, 2, 1).reshape(-1, kh * kw).round().long()


def _threshold(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """X above a threshold, a constant below it: without a jump only where the two are the same."""
    if args[1] != args[2]:
        raise NotPiecewiseAffineError(_name(function), f"jumps from {args[2]} to {args[1]}")
    return _break_at(lambda args, kwargs: [args[1]])(function, args, kwargs)


def _both(args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[float | None]:
    low = args[1] if len(args) > 1 else kwargs.get("min")
    high = args[2] if len(args) > 2 else kwargs.get("max")
    return [low, high]


AFFINE = {
    aten.convolution, aten.mkldnn_convolution, aten.cudnn_convolution, aten.avg_pool2d, aten.avg_pool1d,
    aten._adaptive_avg_pool2d, aten.adaptive_avg_pool1d, aten.constant_pad_nd, aten.reflection_pad2d,
    aten.replication_pad2d, aten.reflection_pad1d, aten.upsample_nearest2d, aten.upsample_bilinear2d, aten.neg,
    aten.clone, aten._to_copy, aten.detach, aten.alias, aten.pixel_shuffle, aten.lift_fresh, aten.contiguous,
}  # fmt: skip
RULES: dict[Any, Callable[..., Any]] = {
    aten.native_batch_norm: _batch_norm,
    aten._native_batch_norm_legit_no_training: _affine,
    aten.cudnn_batch_norm: _batch_norm,
    aten.view: _shaped(1),
    aten._unsafe_view: _shaped(1),
    aten.expand: _shaped(1),
    aten.mean: _along(1),
    aten.sum: _along(1),
    aten.slice: _along(1),
    aten.select: _along(1),
    aten.squeeze: _along(1),
    aten.unsqueeze: _along(1),
    aten.flip: _along(1),
    aten.index_select: _along(1),
    aten.transpose: _transpose,
    aten.permute: _permute,
    aten.add: _sum,
    aten.add_: _sum,
    aten.sub: _sum,
    aten.sub_: _sum,
    aten.rsub: _sum,
    aten.mul: _product,
    aten.mul_: _product,
    aten.div: _product,
    aten.div_: _product,
    aten.cat: _concatenate,
    aten.addmm: _linear,
    aten.mm: _linear,
    aten.relu: _break_at(lambda args, kwargs: [0.0]),
    aten.relu_: _break_at(lambda args, kwargs: [0.0]),
    aten.leaky_relu: _break_at(lambda args, kwargs: [0.0]),
    aten.leaky_relu_: _break_at(lambda args, kwargs: [0.0]),
    aten._prelu_kernel: _break_at(lambda args, kwargs: [0.0]),
    aten.abs: _break_at(lambda args, kwargs: [0.0]),
    aten.threshold: _threshold,
    aten.threshold_: _threshold,
    aten.hardtanh: _break_at(lambda args, kwargs: [args[1], args[2]] if len(args) > 2 else [-1.0, 1.0]),
    aten.hardtanh_: _break_at(lambda args, kwargs: [args[1], args[2]] if len(args) > 2 else [-1.0, 1.0]),
    aten.clamp: _break_at(_both),
    aten.clamp_: _break_at(_both),
    aten.clamp_min: _break_at(lambda args, kwargs: [args[1]]),
    aten.clamp_min_: _break_at(lambda args, kwargs: [args[1]]),
    aten.clamp_max: _break_at(lambda args, kwargs: [args[1]]),
    aten.max_pool2d_with_indices: _max_pool,
    aten.max_pool2d: _max_pool,
}
