"""compiled: machine code by numba for loops over sites; without numba the same lines run as plain Python."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """The function as machine code that runs beside other threads; the function itself where numba is missing."""
    try:
        import numba
    except ImportError:
        return function
    plain = inspect.unwrap(function)  # checks of types around it are nothing for a compiler
    try:
        return cast("Function", numba.njit(nogil=True, cache=True)(plain))
    except RuntimeError:  # no folder to keep the machine code in
        return cast("Function", numba.njit(nogil=True)(plain))
