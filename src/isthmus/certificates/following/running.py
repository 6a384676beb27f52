"""Running: a network on what is followed, and where in it an operator is that cannot be."""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook

from isthmus.certificates.following.followed import Followed
from isthmus.certificates.following.refusal import CannotFollowError
from isthmus.errors import NetworkError
from isthmus.networks.network import Network


def outputs(network: Network, inputs: Followed, *quietly: type[Exception]) -> Any:
    """The network's logits of what is followed.

    Args:
        network: the network, held fixed.
        inputs: in data units.
        quietly: exceptions of the run itself, which reach the caller as they are.

    Raises:
        NetworkError: an operator cannot be followed.
    """
    try:
        logits: Any = network.logits(inputs)
    except Exception as error:
        failed = inputs.run.failed
        if failed is None or isinstance(error, (NetworkError, *quietly)):
            raise
        raise failed from error
    if not isinstance(logits, Followed):
        raise NetworkError("The network's output does not depend on its input by operators that can be followed.")
    if logits.stale:
        raise CannotFollowError("the output", "was changed in place through a view of it")
    return logits


@contextmanager
def as_written() -> Iterator[None]:
    """Runs what went through torch.compile as it was before: compiled code has no operators to follow."""
    if "torch._dynamo" not in sys.modules:  # nothing is compiled, and to import it takes seconds
        yield
        return
    with torch.compiler.set_stance("force_eager"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Using `torch.compile", UserWarning)  # hooks are called twice, and may be
        yield


@contextmanager
def named_operators(model: nn.Module, before: str, after: str) -> Iterator[list[str]]:
    """Says where in the network an operator is that cannot be followed; gives the modules that were entered so far.

    A run that is given up leaves its modules in the list: it is to be emptied before the next one.

    Args:
        model: the network's model.
        before, after: what the message says before the place, and after the reason.
    """
    names = {module: name for name, module in model.named_modules()}
    stack: list[str] = []
    mine = threading.get_ident()  # the hooks are those of all threads

    def enter(module: nn.Module, _: object) -> None:
        if threading.get_ident() == mine:
            stack.append(names.get(module, type(module).__name__))

    def leave(_: nn.Module, __: object, ___: object) -> None:
        if threading.get_ident() == mine:
            stack.pop()

    hooks = (register_module_forward_pre_hook(enter), register_module_forward_hook(leave, always_call=False))
    try:
        yield stack
    except CannotFollowError as error:
        where = f"in module '{stack[-1]}'" if stack and stack[-1] else "in the network itself"
        raise NetworkError(f"{before}; {where} {error}. {after}") from error
    finally:
        for hook in hooks:
            hook.remove()
