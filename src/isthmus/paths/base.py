"""What a path is: a curve of inputs with exact ends, walked at even speed."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor

from isthmus._core.displayed import Plotted
from isthmus._core.geometry import norms
from isthmus._core.given import numbers_of, shown
from isthmus._core.shapes import Index, Input, Inputs, Parameters
from isthmus.errors import InputError

if TYPE_CHECKING:
    from isthmus.paths.polyline import Polyline


class AbstractPath(Plotted, ABC):
    """A curve of inputs t -> x(t), t in [0, 1] by arc length, with exact ends, in data units.

    A path of your own says where it is (`at`), how long it is, and what it is made of (`tensors`, `of_tensors`), and
    names its kind. The rest follows from that; where there is a formula, override it.

    Attributes:
        kind: what files call such paths; `isthmus.registries.PATHS.register` makes it known to them.
    """

    kind: ClassVar[str]

    @abstractmethod
    def at(self, t: float | Parameters) -> Input:
        """The point at t: (*input) for a number, (m, *input) for a tensor (m,); the ends bit for bit at 0 and 1."""

    @property
    @abstractmethod
    def length(self) -> float:
        """Length in data units."""

    @abstractmethod
    def tensors(self) -> Mapping[str, Tensor]:
        """What the path is made of, each a tensor (k, *input) of any number of rows: enough to make it again."""

    @classmethod
    @abstractmethod
    def of_tensors(cls, tensors: Mapping[str, Tensor]) -> AbstractPath:
        """The path that `tensors` came from."""

    def __repr__(self) -> str:
        parts = ", ".join(f"{name} {tuple(tensor.shape)}" for name, tensor in self.tensors().items())
        return f"{type(self).__name__}({parts})"

    @property
    def corners(self) -> Parameters:
        """Positions at which the path may turn sharply, in order, exactly 0 and 1 among them."""
        return torch.tensor([0.0, 1.0], dtype=torch.float64)

    @property
    def ends(self) -> Inputs:
        """The two ends (2, *input)."""
        return torch.stack([self.at(0.0), self.at(1.0)])

    @property
    def direct_length(self) -> float:
        """Distance between the ends, in data units."""
        ends = self.ends
        return float(norms(ends[1:] - ends[:1]))

    @property
    def length_ratio(self) -> float:
        """Length / distance between the ends: 1 for a straight path, inf for a loop."""
        return ratio(self.length, self.direct_length, 1.0)

    @property
    def deviation(self) -> float:
        """Largest distance of the path from the segment between its ends / length of that segment."""
        return self.to_polyline(1e-3).deviation

    def to_polyline(self, tolerance: float = 1e-3) -> Polyline:
        """A polyline through points of the path.

        Args:
            tolerance: how far its middles may lie from the path, in lengths of the path. Between the places that are
                looked at the distance may be larger on a path that is not smooth.
        """
        from isthmus.paths.polyline import Polyline

        if not tolerance > 0:
            raise InputError(f"tolerance must be a number above 0, got {tolerance}.")
        t = torch.unique(torch.cat([torch.linspace(0, 1, 9, dtype=torch.float64), self.corners.double().cpu()]))
        limit = tolerance * max(self.length, torch.finfo(torch.float64).tiny)
        for _ in range(16):
            middle = (t[1:] + t[:-1]) / 2
            points = self.at(t)
            apart = norms(self.at(middle) - (points[1:] + points[:-1]) / 2).cpu()
            rough = (apart > limit) & (t.diff() > 1e-6)
            if not bool(rough.any()):
                break
            t = torch.cat([t, middle[rough]]).sort().values
        return Polyline(self.at(t))

    def to(self, device: torch.device | str) -> AbstractPath:
        """The same path on a device; itself where it is there."""
        if all(tensor.device == torch.device(device) for tensor in self.tensors().values()):
            return self
        return self.of_tensors({name: tensor.to(device) for name, tensor in self.tensors().items()})

    def in_float(self) -> AbstractPath:
        """The same path, cut off from gradients, in float32 or better: half precision would move its points."""
        return self.of_tensors(
            {
                name: tensor.detach().to(torch.promote_types(tensor.dtype, torch.float32))
                for name, tensor in self.tensors().items()
            }
        )

    @property
    def finite(self) -> bool:
        """Whether everything that it is made of is a finite number."""
        return all(bool(tensor.isfinite().all()) for tensor in self.tensors().values())

    @classmethod
    def together(cls, paths: Sequence[AbstractPath]) -> Bundle:
        """Paths of this kind side by side."""
        return Apart(paths)


class Bundle(ABC):
    """Many paths side by side, so that points of all of them are evaluated in one go.

    Attributes:
        corners, owner: positions of the corners of all paths end to end, and the number of the path of each.
    """

    corners: Float[Tensor, k]
    owner: Int[Tensor, k]

    @abstractmethod
    def __len__(self) -> int:
        """Number of paths."""

    @abstractmethod
    def at(self, path: Index, t: Parameters) -> Inputs:
        """The points (m, *input) at t (m,) on the paths numbered (m,)."""

    @staticmethod
    def of(paths: Sequence[AbstractPath]) -> Bundle:
        """Any paths side by side."""
        kinds = {type(path) for path in paths}
        return kinds.pop().together(paths) if len(kinds) == 1 else Apart(paths)


class Apart(Bundle):
    """Paths that are each asked for their own points."""

    def __init__(self, paths: Sequence[AbstractPath]) -> None:
        self.paths = paths
        corners = [path.corners.double().cpu() for path in paths]
        self.corners = torch.cat(corners)
        self.owner = torch.repeat_interleave(torch.arange(len(paths)), torch.tensor([len(each) for each in corners]))

    def __len__(self) -> int:
        return len(self.paths)

    def at(self, path: Index, t: Parameters) -> Inputs:
        t = checked_positions(t)
        parts = [(path == number).nonzero()[:, 0] for number in sorted(set(path.tolist()))]
        points = torch.cat([self.paths[int(path[rows[0]])].at(t[rows]) for rows in parts])
        return points[torch.cat(parts).argsort().to(points.device)]


def on_cpu(paths: Sequence[AbstractPath]) -> list[AbstractPath]:
    """The paths on the CPU, in one transfer where they are elsewhere."""
    tensors = [tensor for path in paths for tensor in path.tensors().values()]
    if len({(tensor.device, tensor.dtype) for tensor in tensors}) != 1 or tensors[0].device.type == "cpu":
        return [path.to("cpu") for path in paths]
    moved = torch.cat([tensor.reshape(-1) for tensor in tensors]).cpu()
    parts = iter(torch.split(moved, [tensor.numel() for tensor in tensors]))
    # Clones: a part of a tensor would hold, and save, the whole of it.
    return [
        path.of_tensors({name: next(parts).reshape(tensor.shape).clone() for name, tensor in path.tensors().items()})
        for path in paths
    ]


def checked_positions(t: float | Parameters) -> Parameters:
    """Positions (m,) in float64 on the CPU; those of one number are one.

    Raises:
        InputError: one of them does not lie in [0, 1], or is no number.
    """
    t = numbers_of("t", t)
    if t.ndim > 1:
        raise InputError(f"t must be a number or numbers (m,), got {shown(t)}.")
    t = t.reshape(-1)
    if not len(t):
        return t
    if bool((~((t >= 0) & (t <= 1))).any()):
        raise InputError(f"A path is defined for t in [0, 1], got values from {float(t.min())} to {float(t.max())}.")
    return t


def ratio(value: float, base: float, when_nothing: float) -> float:
    """Value / base; of nothing over nothing the given number, of something over nothing infinity, of no numbers NaN."""
    if math.isnan(value) or math.isnan(base):
        return math.nan
    if base > 0:
        return value / base
    return when_nothing if value == 0 else math.inf
