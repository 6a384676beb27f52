"""What a kind of input is: how inputs are read, what their numbers mean, how they look, and how they are written back.

A network knows the kind of its inputs (`Network(model, input_kind=...)`); landscapes, connections, pages and displays
ask that one object. A kind of your own is a subclass in a file of its own, and `Network` takes an instance of it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from isthmus._core.shapes import Input, Inputs
from isthmus.errors import InputError
from isthmus.inputs.kinds.named import Named

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from isthmus.inputs.base import Collection

Pixels = NDArray[np.uint8]  # (height, width, 3)


@dataclass(frozen=True, eq=False, kw_only=True)
class Limits:
    """Where inputs of a kind may lie: what `isthmus.landscapes.domains.domain_of` makes a domain of.

    Attributes:
        low, high: bounds, numbers or tensors that spread to one input; infinite where there are none.
        sums: groups of coordinates (numbers in the flattened input) whose sum is given: shares, or one of k categories.
        held: coordinates that nothing may move.
        hull: points (m, width) of which every vector of an input is a mix.
        ball: points (m, width) around whose mean every vector lies, no farther than the farthest of them.
    """

    low: float | Tensor = -torch.inf
    high: float | Tensor = torch.inf
    sums: tuple[tuple[tuple[int, ...], float], ...] = ()
    held: tuple[int, ...] = ()
    hull: Tensor | None = None
    ball: Tensor | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Walk:
    """Inputs along two paths, for the figure of a kind that draws its own.

    Attributes:
        t: positions (m,), by arc length of each path.
        direct: inputs at these positions of the direct path (m, *input).
        found: those of the path found, where it is another.
        peak: position of the highest loss of the direct path.
        losses: loss at the positions, of the path found or, where there is none, of the direct path.
        title: in words.
    """

    t: tuple[float, ...]
    direct: Inputs
    found: Inputs | None
    peak: float
    losses: tuple[float, ...]
    title: str

    @property
    def shown(self) -> Inputs:
        """The path found, or the direct path where there is no other."""
        return self.direct if self.found is None else self.found


class InputKind(ABC):
    """A kind of input. Its methods take and give inputs as the landscape has them, in data units.

    Attributes:
        name: in registries and files.
        one, many: what a reader calls one input, and several.
        blends: whether the picture of a mix of two inputs is the mix of their pictures, as with photographs.
        kept_as: what `nearest` leads to: what files of this kind can hold.
        space: where paths lie, in words.
        even: whether a unit of one coordinate counts as much as that of any other already, as in rows of a table, so
            that steps do not follow the units in which a network takes them.
        discrete: whether rounding changes what an input means, so that it is looked at without being asked for.
    """

    name: ClassVar[str]
    one: ClassVar[str]
    many: ClassVar[str]
    blends: ClassVar[bool] = True
    kept_as: ClassVar[str]
    space: ClassVar[str] = "space of the data"
    even: ClassVar[bool] = False

    @property
    def discrete(self) -> bool:
        return False

    @abstractmethod
    def open(self, source: Path) -> Collection:
        """The inputs of a file or folder.

        Raises:
            ImageError: nothing there that can be used.
        """

    @abstractmethod
    def read(self, source: str) -> Input:
        """One input, by what a user types: the name of a file, FILE:ROW of a table, or a text.

        Raises:
            ImageError: it cannot be read.
        """

    def about(self) -> str:
        """What is special about it, in a few words, for displays."""
        return self.many

    def beside(self, folder: Path, name: str) -> str:
        """What `read` takes for a name in a list that lies in a folder: a name is looked for beside the list, and else
        where the program was started.
        """

        def there(place: Path) -> bool:
            file, _, row = str(place).rpartition(":")  # the row of a table may follow
            return place.exists() or (row.isdecimal() and Path(file).exists())

        return name if not there(folder / name) and there(Path(name)) else str(folder / name)

    def digest(self, source: str) -> str:
        """SHA-256 of what `read` reads."""
        from isthmus.inputs.files import digest_of_file

        return digest_of_file(Path(source))

    @abstractmethod
    def pixels(self, x: Input) -> Pixels:
        """A small picture of an input."""

    @abstractmethod
    def change(self, x: Input, base: Input) -> tuple[Pixels, str]:
        """A small picture of what makes x another than base, and its caption."""

    def reading(self, x: Input, base: Input | None = None) -> str:
        """An input in words, or what makes it another than base; empty where words say nothing."""
        return ""

    def named(self, values: Input, x: Input) -> Named | None:
        """Numbers of the shape of an input, such as an attribution, summed over the parts that have names.

        Args:
            values: the numbers (*input).
            x: the input that they are about (*input), whose words become names.

        Returns:
            What the parts are called and their sums, in the order in which a reader would look at them; None where
            parts have no names, and a map says more.
        """
        return None

    def draw_over(self, axes: Axes, values: Input, x: Input) -> bool:
        """Draws numbers of the shape of an input over it; False leaves it to a map."""
        return False

    @property
    def complete(self) -> bool:
        """Whether it still has what makes inputs: not, where a kind was read again without its network."""
        return True

    def identity(self, x: Input) -> bytes:
        """What makes an input the same one, whatever network looks at it: its numbers, in float32, and its shape."""
        numbers = x.detach().cpu().to(torch.float32).contiguous()
        return repr(tuple(numbers.shape)).encode() + numbers.numpy().tobytes()

    def how_read(self) -> dict[str, Any] | None:
        """What decides which input is read from a file: two kinds of one answer read the same; None, for images,
        leaves that to the preprocessing.
        """
        return self.describe()

    def focused(self, x: Inputs) -> InputKind:
        """The same kind, that shows first what differs among some inputs, such as those along a path."""
        return self

    def limits(self) -> Limits | None:
        """Where inputs may lie by default; None means between 0 and 1."""
        return None

    def strange(self, x: Input) -> str:
        """What about an input lies outside `limits`, in words; empty where words say nothing."""
        return ""

    def nearest(self, x: Inputs) -> Inputs | None:
        """Of each input the nearest that a file can hold, see `kept_as`; None where there is nothing to round."""
        return None

    def check(self, shape: tuple[int, ...]) -> None:  # noqa: B027 (kinds of any shape need none)
        """The shape of one input can be of this kind.

        Raises:
            InputError: it cannot.
        """

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape of one input, where the kind knows it."""
        return None

    def figure(self, walk: Walk) -> Figure | None:
        """A figure of inputs along two paths; None leaves it to a strip of pictures."""
        return None

    def write(self, x: Input, file: Path) -> Path:
        """Writes an input in the format of its kind, and says where: the ending may be replaced.

        Raises:
            InputError: this kind has no format.
        """
        raise InputError(f"{self.many.capitalize()} cannot be written to a file; use torch.save or numpy.save.")

    def describe(self) -> dict[str, Any]:
        """What results keep of the kind, ready for JSON: what `restored` makes it of again."""
        return {"kind": self.name}

    def numbers(self) -> dict[str, Any]:
        """What its numbers mean: the part of `describe` in which two networks must agree for an array to be the same
        input to both.
        """
        return self.describe()

    @classmethod
    def of_description(cls, description: Mapping[str, Any]) -> InputKind:  # noqa: ARG003
        """The kind that `describe` described."""
        return cls()


def evenly(count: int, most: int) -> Sequence[int]:
    """At most so many of so many places, evenly spaced, with both ends."""
    return sorted({round(k) for k in np.linspace(0, count - 1, min(count, most)).tolist()}) if count else []
