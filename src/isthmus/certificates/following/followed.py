"""Followed: what a network takes for a tensor, and is a function of t."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch


def by_operators(function: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
    """What a function of PyTorch gives, by the operators that it is made of."""
    with torch._C.DisableTorchFunctionSubclass():
        return function(*args, **kwargs)


@dataclass(kw_only=True)
class Run:
    """One pass of a network.

    Attributes:
        apply: what an operator gives for arguments some of which are followed.
        call: the same for a function of PyTorch; by default it is made of its operators.
        failed: what an operator raised, which may reach callers as something else, from TorchScript for example.
    """

    apply: Callable[[Any, Sequence[Any], dict[str, Any]], Any] = field(repr=False)
    call: Callable[[Any, Sequence[Any], dict[str, Any]], Any] = field(default=by_operators, repr=False)
    failed: Exception | None = None


class Followed(torch.Tensor):
    """A tensor that is a function of t. Every operator on it goes to its run.

    Attributes:
        run: what it belongs to.
        family: all that share memory with it, as views and what they are views of.
        stale: whether an in-place operator has changed another of the family.
    """

    run: Run
    family: list[weakref.ref[Followed]]
    stale: bool

    @classmethod
    def wrapping(
        cls,
        shape: Sequence[int],
        dtype: torch.dtype,
        device: torch.device,
        run: Run,
        strides: Sequence[int] | None = None,
    ) -> Any:
        """A new one; what it holds is put into it by the subclass."""
        made = torch.Tensor._make_wrapper_subclass(cls, shape, strides=strides, dtype=dtype, device=device)
        made.run, made.family, made.stale = run, [weakref.ref(made)], False
        return made

    def __init__(self, *_: object, **__: object) -> None:
        pass

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        return _run_of(args, kwargs or {}).call(function, args, kwargs or {})

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]
        cls, function: Any, types: Sequence[type], args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        run = _run_of(args, kwargs or {})
        try:
            return run.apply(function, args, kwargs or {})
        except Exception as error:
            run.failed = error
            raise

    def view_of(self, base: Followed) -> Any:
        """The same, known to share memory with another."""
        base.family.append(weakref.ref(self))
        self.family = base.family
        return self

    def become(self, other: Any) -> Any:
        """Takes what another is, as in-place operators do; nobody of the family may be read any more."""
        raise NotImplementedError

    def outdate(self) -> None:
        """Nobody else of the family may be read any more."""
        for member in self.family:
            other = member()
            if other is not None and other is not self:
                other.stale = True


def followed_among(args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[Any]:
    """All arguments that are followed, also inside lists."""
    flat = [each for arg in (*args, *kwargs.values()) for each in (arg if isinstance(arg, list | tuple) else [arg])]
    return [each for each in flat if isinstance(each, Followed)]


def _run_of(args: Sequence[Any], kwargs: Mapping[str, Any]) -> Run:
    run: Run = followed_among(args, kwargs)[0].run
    return run
