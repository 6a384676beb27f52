"""Polylines: many of them side by side, so that points of all of them are computed in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int
from numpy.typing import NDArray
from torch import Tensor

from isthmus._core.geometry import expand_to, lengths
from isthmus._core.shapes import Index, Inputs, Parameters, SomeVertices, Vertices
from isthmus.paths.base import Bundle, checked_positions

HELD = 2**24  # numbers held at once while lengths are measured


@dataclass(frozen=True, eq=False)
class Polylines(Bundle):
    """Vertices of all paths end to end, on any device; the rest, on the CPU, says which rows are whose.

    Attributes:
        vertices: (sum of k, *input).
        corners, owner: position of each vertex on its path, from exactly 0 to exactly 1, and number of that path.
        first, last: rows of the ends of each path.
    """

    vertices: Vertices
    corners: Float[Tensor, k]
    owner: Int[Tensor, k]
    first: Int[Tensor, n]
    last: Int[Tensor, n]

    @staticmethod
    def through(paths: Sequence[SomeVertices]) -> Polylines:
        """A bundle of paths, each given by its vertices (k, *input)."""
        counts = torch.tensor([len(path) for path in paths])
        last = counts.cumsum(0) - 1
        t = torch.cat(positions(paths))
        owner = torch.repeat_interleave(torch.arange(len(counts)), counts)
        return Polylines(vertices=torch.cat(list(paths)), corners=t, owner=owner, first=last - counts + 1, last=last)

    def __len__(self) -> int:
        return len(self.first)

    def at(self, path: Index, t: Parameters) -> Inputs:
        """The points (m, *input) at t (m,) on the paths numbered (m,)."""
        t = checked_positions(t)
        # Paths shifted to [2i, 2i + 1] make one sorted list: a single search finds every segment.
        place = torch.searchsorted(self.corners + 2 * self.owner, t + 2 * path, right=True)
        right = torch.minimum(torch.maximum(place, self.first[path] + 1), self.last[path])
        left = right - 1
        width = self.corners[right] - self.corners[left]
        weight = torch.where(width > 0, (t - self.corners[left]) / torch.where(width > 0, width, 1.0), 0.0).clamp(0, 1)
        if self.vertices.device.type != "cpu":  # one transfer, and no more
            left, right, weight = torch.stack([left.double(), right.double(), weight]).to(self.vertices.device)
            left, right = left.long(), right.long()
        begin, end = self.vertices[left], self.vertices[right]
        # lerp returns its ends bit for bit at the weights 0 and 1.
        return torch.lerp(begin, end, expand_to(weight.to(begin), begin))


def positions(paths: Sequence[SomeVertices]) -> list[Float[Tensor, k]]:
    """Position of each vertex of each path: the same numbers whichever paths are beside it, on the CPU."""
    straight = torch.tensor([0.0, 1.0], dtype=torch.float64)
    found = [straight] * len(paths)
    bent = [number for number, path in enumerate(paths) if len(path) > 2]
    while bent:
        # A few at once: one transfer for all of them, and no second copy of all vertices.
        held = max(1, HELD // paths[bent[0]].numel())
        some, bent = bent[:held], bent[held:]
        vertices = torch.cat([paths[number] for number in some])
        vertices = vertices if vertices.element_size() > 2 else vertices.float()
        made = lengths(vertices[1:] - vertices[:-1]).cpu().numpy()
        row = 0
        for number in some:
            segments = len(paths[number]) - 1
            found[number] = torch.from_numpy(_places(made[row : row + segments]))
            row += segments + 1
    return found


def _places(made: NDArray[np.float64]) -> NDArray[np.float64]:
    """Positions of the vertices of a path with segments of these lengths, from exactly 0 to exactly 1."""
    total = made.sum()
    # A path without length is walked by vertex number.
    steps = made / total if total > 0 else np.full_like(made, 1 / len(made))
    return np.concatenate([[0.0], steps[:-1].cumsum().clip(0, 1), [1.0]])
