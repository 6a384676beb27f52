"""A stand-in accelerator, for machines without one: its tensors compute on the CPU, refuse to be mixed with those of
the CPU as a GPU does, and every transfer and every wait is counted.

It rests on PyTorch's Python backends, which are experimental: `available()` says whether this PyTorch has them. Once it
was used, the device "card" exists until the process ends.
"""

from __future__ import annotations

import sys
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map

from isthmus.errors import IsthmusError

NAME = "card"
PACKAGE = str(Path(__file__).parents[1])

aten = torch.ops.aten
# What a GPU must be waited for, because the CPU goes on by what comes out.
WAITED_FOR = {
    aten._local_scalar_dense.default,
    aten.equal.default,
    aten.is_nonzero.default,
    aten.nonzero.default,
    aten.masked_select.default,
    aten._unique2.default,
    aten.unique_consecutive.default,
    aten.repeat_interleave.Tensor,
}
INDEXED = {aten.index.Tensor, aten.index_put.default, aten.index_put_.default, aten._index_put_impl_.default}
M = TypeVar("M", bound=nn.Module)


@dataclass
class Counts:
    """What went to the card and came back, and how often it was waited for.

    Attributes:
        to_card, to_cpu: tensors moved.
        waits: values that the CPU had to know before it went on: numbers read, shapes that depend on values.
        places: lines of the library from which these came, with their numbers.
    """

    to_card: int = 0
    to_cpu: int = 0
    waits: int = 0
    places: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """Transfers and waits together."""
        return self.to_card + self.to_cpu + self.waits

    def reset(self) -> None:
        """Starts again from nothing."""
        self.to_card = self.to_cpu = self.waits = 0
        self.places.clear()

    def note(self, what: str) -> None:
        """One more transfer or wait, made by whichever line of the library called last."""
        setattr(self, what, getattr(self, what) + 1)
        frame = sys._getframe(1)
        while frame.f_back is not None and (
            not frame.f_code.co_filename.startswith(PACKAGE) or frame.f_code.co_filename == __file__
        ):
            frame = frame.f_back
        self.places[f"{what} {Path(frame.f_code.co_filename).name}:{frame.f_lineno}"] += 1


COUNTS = Counts()
_known = False


def available() -> bool:
    """Whether this PyTorch can have a stand-in: it has Python backends, and no other device took the place for one."""
    if _known:
        return True
    try:
        from torch.utils.backend_registration import _setup_privateuseone_for_python_backend  # noqa: F401
    except ImportError:
        return False
    return torch._C._get_privateuse1_backend_name() == "privateuseone"


@contextmanager
def accelerator() -> Iterator[Counts]:
    """A block in which the device "card" can be used; the counts start from nothing.

    Raises:
        IsthmusError: this PyTorch cannot have one.
    """
    _register()
    COUNTS.reset()
    replaced = torch.__future__.get_overwrite_module_params_on_conversion()
    torch.__future__.set_overwrite_module_params_on_conversion(True)
    try:
        # A thread of its own for the device would still be there when the process ends, and abort it.
        with torch.autograd.set_multithreading_enabled(False), _Mode():  # type: ignore[no-untyped-call]
            yield COUNTS
    finally:
        torch.__future__.set_overwrite_module_params_on_conversion(replaced)


def put(model: M) -> M:
    """The model, with its weights and buffers on the card from now on; inside a block of `accelerator`."""
    for module in model.modules():
        for name, weight in module._parameters.items():
            if weight is not None:
                module._parameters[name] = nn.Parameter(OnCard(weight.detach().clone()), requires_grad=False)
        for name, buffer in module._buffers.items():
            if buffer is not None:
                module._buffers[name] = OnCard(buffer.clone())
    return model


class OnCard(Tensor):
    """A tensor that says that it is on the card; `held` has its numbers."""

    held: Tensor

    @staticmethod
    def __new__(cls, held: Tensor) -> OnCard:
        made: OnCard = torch.Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            layout=held.layout,
            device=torch.device(NAME, 0),
            requires_grad=False,
        )
        return made

    def __init__(self, held: Tensor) -> None:
        self.held = held

    def __repr__(self, **_: object) -> str:  # type: ignore[override]
        return f"OnCard({self.held})"

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, operator: Any, _types: object, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        return _run(operator, args, kwargs or {})


class _Mode(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Sees what is made with `device="card"`, and what is moved there."""

    def __torch_dispatch__(
        self, operator: Any, _types: object, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        return _run(operator, args, kwargs or {})


def _run(operator: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What an operator gives, computed on the CPU, on the device on which it belongs."""
    leaves = tree_leaves((args, kwargs))
    if any(isinstance(each, Tensor) and type(each) not in (Tensor, nn.Parameter, OnCard) for each in leaves):
        return NotImplemented  # another kind of tensor, which does it its own way
    if operator is aten._to_copy.default:
        return _moved(args[0], kwargs)
    if operator is aten.copy_.default:
        if isinstance(args[0], OnCard) != isinstance(args[1], OnCard):
            COUNTS.note("to_card" if isinstance(args[0], OnCard) else "to_cpu")
        operator(_held(args[0]), _held(args[1]), *args[2:])
        return args[0]
    any_here = any(isinstance(each, OnCard) for each in leaves)
    if any_here:
        _check(operator, args, leaves)
    wanted = kwargs.get("device")
    there = _is_card(wanted) or (any_here and wanted is None)
    own = {name: each for name, each in kwargs.items() if name not in ("device", "pin_memory")}
    if wanted is not None:
        own["device"] = "cpu"
    plain = tree_map(_held, args)
    out = operator(*plain, **tree_map(_held, own))
    if operator._schema.is_mutable:
        for given, held in zip(tree_leaves(args), tree_leaves(plain), strict=True):
            if isinstance(given, OnCard) and out is held:
                return given
    return tree_map(lambda each: OnCard(each) if there and type(each) is Tensor else each, out)


def _check(operator: Any, args: Sequence[Any], leaves: Sequence[Any]) -> None:
    """Counts the waits of an operator on the card, and what it moves there unasked.

    Raises:
        RuntimeError: it mixes devices.
    """
    indices = [each for each in args[1] or () if isinstance(each, Tensor)] if operator in INDEXED else []
    on_card = isinstance(args[0], OnCard)
    if operator in WAITED_FOR or any(isinstance(each, OnCard) and each.dtype == torch.bool for each in indices):
        COUNTS.note("waits")  # how many rows a mask leaves is known only there
    for index in indices:
        if isinstance(index, OnCard) and not on_card:
            raise RuntimeError("indices should be either on cpu or on the same device as the indexed tensor (cpu)")
        if on_card and not isinstance(index, OnCard):
            COUNTS.note("to_card")
    foreign = [each for each in leaves if isinstance(each, Tensor) and not isinstance(each, OnCard) and each.dim()]
    foreign = [each for each in foreign if not any(each is index for index in indices)]
    if foreign:
        shapes = ", ".join(str(tuple(each.shape)) for each in foreign)
        raise RuntimeError(
            f"Expected all tensors to be on the same device, but found {NAME}:0 and cpu ({operator.__name__}, {shapes})"
        )


def _moved(x: Tensor, kwargs: Mapping[str, Any]) -> Tensor:
    device = kwargs.get("device")
    there = _is_card(device) if device is not None else isinstance(x, OnCard)
    if there != isinstance(x, OnCard):
        COUNTS.note("to_card" if there else "to_cpu")
    made: Tensor = aten._to_copy.default(_held(x), **{name: each for name, each in kwargs.items() if name != "device"})
    return OnCard(made) if there else made


def _held(x: Any) -> Any:
    return x.held if isinstance(x, OnCard) else x


def _is_card(device: Any) -> bool:
    return device is not None and torch.device(device).type == NAME


def _register() -> None:
    global _known  # noqa: PLW0603 (a process has one)
    if _known:
        return
    if not available():
        raise IsthmusError("This PyTorch has no Python backends, or another device took their place: no stand-in here.")
    from torch.utils.backend_registration import _DummyBackendModule, _setup_privateuseone_for_python_backend

    class Card(_DummyBackendModule):
        def get_amp_supported_dtype(self) -> list[torch.dtype]:
            return [torch.bfloat16, torch.float16]

        def get_rng_state(self, device: object = None) -> Tensor:
            return torch.zeros(8, dtype=torch.uint8)

        def set_rng_state(self, state: Tensor, device: object = None) -> None:
            pass

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _setup_privateuseone_for_python_backend(NAME, backend_module=Card())
    library: Any = torch.library.Library("aten", "IMPL", "PrivateUse1")  # type: ignore[no-untyped-call]
    library.impl("_copy_from", _copied)
    library.impl("empty_strided", lambda *size, **how: OnCard(torch.empty_strided(*size, dtype=how.get("dtype"))))
    library.impl("empty.memory_format", lambda size, **how: OnCard(torch.empty(size, dtype=how.get("dtype"))))
    _kept.append(library)
    _known = True


_kept: list[Any] = []  # what PyTorch forgets when nobody holds it


def _copied(source: Tensor, to: Tensor, _non_blocking: bool = False) -> Tensor:
    _held(to).copy_(_held(source))
    return to
