"""What models return, reduced to logits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from isthmus._core.shapes import Logits
from isthmus.errors import NetworkError

HOW = "say which with Network(model, output=KEY_OR_INDEX), or wrap the model so that it returns them alone"


def unwrap(output: Any, chosen: str | int | None = None) -> Logits:
    """The logits (n, classes) in a model's output.

    Args:
        output: a tensor, or a tuple, mapping or object that holds some.
        chosen: the key or attribute, or the index, of the logits; None takes a tensor, `logits`, or the only matrix.

    Raises:
        NetworkError: there are none, or several that could be meant: what was found is named.
    """
    found = _find(output if chosen is None else _part(output, chosen))
    if found.shape[1] < 2:
        raise NetworkError(
            "A network must have at least two classes, got one output column (a binary network?); return the two "
            "logits (-z/2, z/2), where z is the one that it computes."
        )
    return found


def _part(output: Any, chosen: str | int) -> Any:
    try:
        if isinstance(chosen, int):
            return tuple(output.values())[chosen] if isinstance(output, Mapping) else output[chosen]
        return output[chosen] if isinstance(output, Mapping) else getattr(output, chosen)
    except (IndexError, KeyError, AttributeError, TypeError) as error:
        raise NetworkError(f"The network's output has no {chosen!r}; it is {_describe(output)}.") from error


def _find(output: Any) -> Tensor:
    if isinstance(output, Tensor):
        if _is_matrix(output):
            return output.flatten(1) if output.ndim > 2 else output
        raise NetworkError(
            f"A network must return logits (n, classes), got {_describe(output)}; of classes that were chosen already "
            "nothing can be told."
        )
    logits = output.get("logits") if isinstance(output, Mapping) else getattr(output, "logits", None)
    if logits is not None:
        return _find(logits)
    parts = _parts(output)
    could = {name: part for name, part in parts.items() if _is_matrix(part)}
    if len(could) == 1:
        return _find(next(iter(could.values())))
    if could:
        raise NetworkError(f"The network returns {_describe(output)}: which are the logits? Please {HOW}.")
    raise NetworkError(
        f"A network must return logits (n, classes), or a tuple, dict or object that holds them; got "
        f"{_describe(output)}. Please {HOW}."
    )


def _parts(output: Any) -> dict[Any, Any]:
    if isinstance(output, Mapping):
        return dict(output)
    return dict(enumerate(output)) if isinstance(output, tuple | list) else {}


def _is_matrix(part: Any) -> bool:
    if isinstance(part, Mapping | tuple | list) or hasattr(part, "logits"):
        inner = part.get("logits") if isinstance(part, Mapping) else getattr(part, "logits", None)
        return inner is not None and _is_matrix(inner)
    return (
        isinstance(part, Tensor)
        and part.is_floating_point()
        and (part.ndim == 2 or (part.ndim > 2 and all(size == 1 for size in part.shape[2:])))
    )


def _describe(output: Any) -> str:
    if isinstance(output, Tensor):
        return f"a tensor of shape {tuple(output.shape)} and type {str(output.dtype).removeprefix('torch.')}"
    parts = _parts(output)
    if not parts:
        return f"a {type(output).__name__}"
    held = ", ".join(
        f"{name!r} {tuple(part.shape) if isinstance(part, Tensor) else type(part).__name__}"
        for name, part in list(parts.items())[:6]
    )
    return f"a {type(output).__name__} with {held}{' ...' if len(parts) > 6 else ''}"
