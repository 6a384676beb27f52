"""What an annotation says of a value: whether it is that, and what that is called.

Looked at are plain things: numbers, flags, words, choices, classes, and sequences of them. Arrays, protocols and
whatever else an annotation may hold fit any value: a function looks at these itself.
"""

from __future__ import annotations

import collections.abc
import enum
import math
import numbers
import types
from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin

import numpy as np
import torch
from torch import Tensor

ROWS = 10_000  # of a sequence no more than so many are looked at
PLAIN = {int: "a whole number", float: "a number", bool: "True or False", str: "a text", Path: "a path"}
CALLED = {
    **PLAIN,
    Tensor: "a tensor",
    np.ndarray: "an array",
    torch.dtype: "a torch.dtype",
    torch.nn.Module: "a torch.nn.Module",
}
SEVERAL = {int: "whole numbers", float: "numbers", bool: "flags", str: "texts", Path: "paths"}
UNIONS = (Union, types.UnionType)


def fits(value: Any, hint: Any) -> bool:
    """Whether a value is what an annotation says. NaN is no number, nor is what 64 bits cannot hold."""
    if hint is Any or hint is object:
        return True
    if hint is None or hint is type(None):
        return value is None
    if hint in PLAIN:
        return _is_plain(value, hint)
    origin = get_origin(hint)
    if origin in UNIONS:
        return any(fits(value, each) for each in get_args(hint))
    if origin is Literal:
        return any(type(value) is type(each) and value == each for each in get_args(hint))
    if origin is type or origin is collections.abc.Callable:
        return callable(value)
    if isinstance(origin, type) and origin is not np.ndarray:
        return _is_collection(value, origin, get_args(hint))
    if not isinstance(hint, type) or getattr(hint, "_is_protocol", False) or hasattr(hint, "array_type"):
        return True  # a variable, a protocol, an array: the function's own to look at
    return isinstance(value, hint)


def _is_plain(value: Any, kind: type) -> bool:
    if kind is bool:
        return isinstance(value, bool | np.bool_)
    if isinstance(value, bool | np.bool_):
        return False
    if kind is int:
        return isinstance(value, numbers.Integral) and -(2**63) <= int(value) < 2**63
    if kind is float:
        whole = isinstance(value, numbers.Integral) and abs(int(value)) >= 2**63
        return isinstance(value, numbers.Real) and not whole and not math.isnan(float(value))
    return isinstance(value, kind)


def _is_collection(value: Any, origin: type, inner: tuple[Any, ...]) -> bool:
    if not issubclass(origin, collections.abc.Iterable):
        return isinstance(value, origin)
    if issubclass(origin, Mapping):
        return isinstance(value, origin) and (not inner or all(fits(each, inner[1]) for each in value.values()))
    if isinstance(value, bytes | Mapping) or (isinstance(value, str) and inner != (str,)):
        return False
    array = isinstance(value, Tensor | np.ndarray)
    if not array and not isinstance(value, origin if origin is not tuple else collections.abc.Sequence):
        return False
    if isinstance(value, Tensor) and (value.is_meta or value.layout is not torch.strided):
        return False
    if isinstance(value, Tensor | np.ndarray):
        if not value.ndim:
            return False
        value = value.tolist()
    if not isinstance(value, collections.abc.Collection):
        return True  # what can be read once only is not read here
    every = list(islice(value, ROWS))
    if origin is tuple and Ellipsis not in inner:
        return len(value) == len(inner) and all(fits(each, hint) for each, hint in zip(every, inner, strict=True))
    return all(fits(each, inner[0]) or (inner[0] is float and _is_nan(each)) for each in every) if inner else True


def _is_nan(value: Any) -> bool:
    """NaN among numbers is left to whoever knows what they mean."""
    return isinstance(value, numbers.Real) and math.isnan(value)


def words(hint: Any, names: Mapping[Any, str] = CALLED) -> str:
    """What an annotation asks for, as a message says it."""
    if hint is None or hint is type(None):
        return "None"
    if hint in names:
        return names[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin in UNIONS:
        every = list(dict.fromkeys(words(each, names) for each in inner))
        return f"{', '.join(every[:-1])} or {every[-1]}" if len(every) > 1 else every[0]
    if origin is Literal:
        return " or ".join(repr(each) for each in inner)
    if origin is collections.abc.Callable:
        return "a function"
    if origin is tuple and Ellipsis not in inner:
        return f"{len(inner)} {words(inner[0], SEVERAL)}"
    if origin is not None and issubclass(origin, Mapping):
        return "a mapping"
    if origin is not None and issubclass(origin, collections.abc.Iterable):
        return f"a sequence of {words(inner[0], SEVERAL)}" if inner else "a sequence"
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return " or ".join(str(each) for each in hint)
    name = vars(origin or hint).get("_called") or getattr(hint, "__name__", str(hint))
    return name if names is SEVERAL else f"{'an' if name[0] in 'AEIOUaeiou' else 'a'} {name}"
