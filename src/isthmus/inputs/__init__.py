"""Inputs: what kinds there are, how they are read, and which pairs are drawn among them.

`Table`, `Series`, `Tokens`, `Images` and `Arrays` are the kinds; a network says which it takes with
`Network(model, input_kind=...)`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from isthmus.inputs.kinds import Arrays as Arrays
    from isthmus.inputs.kinds import Feature as Feature
    from isthmus.inputs.kinds import Images as Images
    from isthmus.inputs.kinds import InputKind as InputKind
    from isthmus.inputs.kinds import Series as Series
    from isthmus.inputs.kinds import Table as Table
    from isthmus.inputs.kinds import Tokens as Tokens

__all__ = ["Arrays", "Feature", "Images", "InputKind", "Series", "Table", "Tokens"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'isthmus.inputs' has no attribute '{name}'")
    return getattr(import_module("isthmus.inputs.kinds"), name)
