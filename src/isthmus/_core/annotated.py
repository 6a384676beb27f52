"""as_annotated: arguments are checked against their annotations when a function is called or an object is made."""

from __future__ import annotations

import inspect
import sys
import types
from collections.abc import Callable
from dataclasses import is_dataclass
from functools import wraps
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

from isthmus._core.given import shown
from isthmus._core.hints import UNIONS, fits, words
from isthmus.errors import InputError, IsthmusError

T = TypeVar("T")
SEVERAL = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def as_annotated(made: T) -> T:
    """A function, or a class, that refuses arguments which are not what its annotations say.

    A class may say how it is called (`_called`), how one comes by an object of it (`_advice`), and which error tells
    that something is none, or that one of its own arguments is wrong (`_error`).

    Raises:
        InputError: (the result, when it is called) an argument is something else; what was expected, and what came.
    """
    if not isinstance(made, type):
        function = cast("Callable[..., Any]", made)
        here = getattr(inspect.unwrap(function), "__globals__", {})
        return cast("T", _checking(function, {name: (text, here) for name, text in function.__annotations__.items()}))
    init = vars(made)["__init__"]
    here = getattr(inspect.unwrap(init), "__globals__", {})
    own = {name: (text, here) for name, text in init.__annotations__.items()}
    for base in reversed(made.__mro__) if is_dataclass(made) else ():
        known = vars(sys.modules[base.__module__])
        own |= {name: (text, known) for name, text in inspect.get_annotations(base).items()}
    cast("Any", made).__init__ = _checking(init, own, f"{made.__name__}: ", vars(made).get("_error", InputError))
    return made


def _checking(
    function: Callable[..., Any],
    annotations: dict[str, tuple[Any, dict[str, Any]]],
    prefix: str = "",
    error: type[IsthmusError] = InputError,
) -> Callable[..., Any]:
    signature = inspect.signature(function)
    hints: dict[str, Any] = {name: Any for name, each in signature.parameters.items() if each.kind in SEVERAL}

    @wraps(function)
    def checked(*given: Any, **named: Any) -> Any:
        try:
            bound = signature.bind(*given, **named).arguments
        except TypeError:
            return function(*given, **named)  # Python says itself what is missing or too much
        for name, value in bound.items():
            if name not in hints:  # resolved late: what they name may not be there yet when a module is read
                hints[name] = _resolved(*annotations.get(name, (Any, {})))
            if not fits(value, hints[name]):
                kinds = _classes(hints[name])
                advice = "".join(f"; {kind['_advice']}" for kind in kinds if "_advice" in kind)
                refusal = next((kind["_error"] for kind in kinds if "_error" in kind), error)
                raise refusal(f"{prefix}{name} must be {words(hints[name])}, got {shown(value)}{advice}.")
        return function(*given, **named)

    return checked


def _resolved(annotation: Any, known: dict[str, Any]) -> Any:
    """What an annotation means; Any where it names what is imported for type checkers alone."""
    if not isinstance(annotation, str):
        return annotation
    try:
        return get_type_hints(types.SimpleNamespace(__annotations__={"it": annotation}), dict(known))["it"]
    except (NameError, AttributeError, TypeError):
        return Any


def _classes(hint: Any) -> list[dict[str, Any]]:
    """What the classes say of themselves, of which an object was expected."""
    every = get_args(hint) if get_origin(hint) in UNIONS else (hint,)
    return [dict(vars(each)) for each in every if isinstance(each, type)]
