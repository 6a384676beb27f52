"""What models return, reduced to logits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from isthmus._core.shapes import Logits
from isthmus.errors import NetworkError


def unwrap(output: Any) -> Logits:
    """The logits (n, classes) in a model's output: a tensor, `.logits`, `["logits"]`, or the first matrix in it."""
    found = _find(output)
    if found is None:
        raise NetworkError(
            f"A network must return logits (n, classes), or a tuple, dict or object that holds them; "
            f"got {_describe(output)}. Wrap the model so that it does."
        )
    if found.shape[1] < 2:
        raise NetworkError(
            "A network must have at least two classes, got one output column; for a binary network return "
            "the two logits (-z/2, z/2)."
        )
    return found


def _find(output: Any) -> Tensor | None:
    if isinstance(output, Tensor):
        if output.ndim > 2 and all(size == 1 for size in output.shape[2:]):
            output = output.flatten(1)
        return output if output.ndim == 2 and output.is_floating_point() else None
    logits = output.get("logits") if isinstance(output, Mapping) else getattr(output, "logits", None)
    if logits is not None:
        return _find(logits)
    if isinstance(output, Mapping):
        output = tuple(output.values())
    if isinstance(output, tuple | list):
        return next((found for found in map(_find, output) if found is not None), None)
    return None


def _describe(output: Any) -> str:
    if isinstance(output, Tensor):
        return f"a tensor of shape {tuple(output.shape)} and type {output.dtype}"
    return f"a {type(output).__name__}"
