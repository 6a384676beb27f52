"""Tracing: what a function computes, written down as operators, and what would be missing from that."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor
from torch.fx import GraphModule, Node
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from isthmus.certificates.following import CannotFollowError
from isthmus.certificates.taylor.backward import decompositions
from isthmus.errors import NetworkError

# By what values leave PyTorch: they would be written down as they are here, and be the same everywhere.
LEAVING: dict[Any, str] = {
    torch.Tensor.numpy: "numpy",
    torch.Tensor.tolist: "tolist",
    torch.Tensor.__array__: "__array__",
    torch.Tensor.__dlpack__: "__dlpack__",
    torch.Tensor.item: "item",
}


def traced(function: Callable[..., Tensor], *examples: Tensor) -> GraphModule:
    """What a function of tensors computes, as operators that have rules, or none at all.

    Raises:
        CannotFollowError: it needs values of its arguments outside of PyTorch.
        NetworkError: it cannot be written down; it says why.
    """
    from torch.fx.experimental.proxy_tensor import make_fx

    def plain(*given: Tensor) -> Tensor:  # a method would have an argument too many
        return function(*given)

    try:
        with _uncompiled(), _Watched():
            made = make_fx(plain, decomposition_table=decompositions())(*examples)
    except NetworkError:
        raise
    except Exception as error:  # what a network may do in its forward and backward pass raises almost anything
        line = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise NetworkError(f"The network's gradient cannot be written down as operators: {line}") from error
    _check_norms(made)
    made.graph.eliminate_dead_code()
    made.recompile()
    return made


class _Watched(TorchFunctionMode):
    """Refuses what leaves PyTorch, and pools over whole images by a mean, whose gradient has no change of layout."""

    def __torch_function__(
        self, function: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if function in LEAVING and _depends(args[0]):
            raise CannotFollowError(LEAVING[function], "leaves PyTorch")
        if function in (functional.adaptive_avg_pool1d, functional.adaptive_avg_pool2d):
            x, size = (*args, *kwargs.values())[:2]
            count = 2 if function is functional.adaptive_avg_pool2d else 1
            if size in (1, (1,) * count, [1] * count):
                return x.mean(tuple(range(-count, 0)), keepdim=True)
        return function(*args, **kwargs)


def _depends(tensor: Tensor) -> bool:
    """Whether a tensor depends on the arguments of the function that is traced."""
    from torch.fx.experimental.proxy_tensor import get_proxy_mode, get_proxy_slot

    mode = get_proxy_mode()
    slot: Any = None if mode is None else get_proxy_slot(tensor, mode.tracer, None)
    ahead: list[Node] = [] if slot is None else [slot.proxy.node]
    seen: set[Node] = set()
    while ahead:
        node = ahead.pop()
        if node.op == "placeholder":
            return True
        if node not in seen:
            seen.add(node)
            ahead += node.all_input_nodes
    return False


@contextlib.contextmanager
def _uncompiled() -> Iterator[None]:
    """Inside, what went through torch.compile may be traced: it runs as it was written."""
    if "torch._dynamo" not in sys.modules:
        yield
        return
    with torch._dynamo.config.patch(error_on_nested_fx_trace=False):
        yield


def _check_norms(program: GraphModule) -> None:
    """The mean and deviation of a layer norm hold something else while they are followed: none but backward passes may
    read them.
    """
    for node in program.graph.nodes:
        if node.op == "call_function" and node.target is torch.ops.aten.native_layer_norm.default:
            readers = [each for taken in node.users if taken.args[1] != 0 for each in taken.users]
            if any(each.target is not torch.ops.aten.native_layer_norm_backward.default for each in readers):
                raise NetworkError(
                    "The network reads the mean or the deviation of a layer norm, whose gradient cannot be followed."
                )
