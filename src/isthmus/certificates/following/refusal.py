"""What is said of an operator that cannot be followed."""

from __future__ import annotations

from typing import Any

from isthmus.errors import NetworkError


class CannotFollowError(NetworkError):
    """A network computes something of which it is not known what it does to functions of t.

    Attributes:
        operator: its name.
    """

    def __init__(self, operator: str, why: str) -> None:
        super().__init__(f"{operator} {why}")
        self.operator = operator


def name_of(function: Any) -> str:
    """Name of an operator, as PyTorch's own tables have it, or of a function."""
    operator = getattr(function, "overloadpacket", None)
    return function.__name__ if operator is None else str(operator).removeprefix("aten.")
