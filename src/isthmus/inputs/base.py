"""What a collection of inputs is: named inputs that are read when they are needed: there may be more than memory holds.

How one of them is read is said by its kind, see `isthmus.inputs.kinds`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from isthmus._core.shapes import Input

if TYPE_CHECKING:
    from isthmus.inputs.kinds.base import InputKind


class Collection(ABC):
    """Inputs by number.

    Attributes:
        names: what each is called.
        labels: the class that each is said to have, as a word or an index; None where nothing is said.
        ignored: what lies beside them and takes no part, by name, with the reason.
    """

    names: tuple[str, ...]
    labels: tuple[str | None, ...]
    ignored: Mapping[str, str] = MappingProxyType({})

    def __len__(self) -> int:
        return len(self.names)

    @abstractmethod
    def read(self, number: int, kind: InputKind | None) -> Input:
        """One input in data units, as the kind of a network's inputs says; without one, images as they are.

        Raises:
            ImageError: it cannot be read.
        """

    @abstractmethod
    def digest(self, number: int) -> str:
        """SHA-256 of what the input is read from."""
