"""Bundle: many polylines side by side, so that points of all of them are computed in one go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor

from isthmus._geometry import expand_to, norms
from isthmus._shapes import Index, Inputs, Parameters, SomeVertices, Vertices
from isthmus.errors import InputError


@dataclass(frozen=True, eq=False)
class Bundle:
    """Vertices of all paths end to end, on any device; the rest, on the CPU, says which rows are whose.

    Attributes:
        vertices: (sum of k, *input).
        t: position of each vertex on its path, from exactly 0 to exactly 1.
        owner: number of the path of each vertex.
        first, last: rows of the ends of each path.
    """

    vertices: Vertices
    t: Float[Tensor, k]
    owner: Int[Tensor, k]
    first: Int[Tensor, n]
    last: Int[Tensor, n]

    @staticmethod
    def of(paths: Sequence[SomeVertices]) -> Bundle:
        """A bundle of paths, each given by its vertices (k, *input)."""
        counts = torch.tensor([len(path) for path in paths])
        last = counts.cumsum(0) - 1
        t = torch.cat([_positions(path) for path in paths])
        owner = torch.repeat_interleave(torch.arange(len(counts)), counts)
        return Bundle(vertices=torch.cat(list(paths)), t=t, owner=owner, first=last - counts + 1, last=last)

    def __len__(self) -> int:
        return len(self.first)

    def at(self, path: Index, t: Parameters) -> Inputs:
        """The points (m, *input) at t (m,) on the paths numbered (m,)."""
        t = t.to("cpu", torch.float64)
        if bool((~((t >= 0) & (t <= 1))).any()):
            raise InputError(
                f"A path is defined for t in [0, 1], got values from {float(t.min())} to {float(t.max())}."
            )
        # Paths shifted to [2i, 2i + 1] make one sorted list: a single search finds every segment.
        place = torch.searchsorted(self.t + 2 * self.owner, t + 2 * path, right=True)
        right = torch.minimum(torch.maximum(place, self.first[path] + 1), self.last[path])
        left = right - 1
        width = self.t[right] - self.t[left]
        weight = torch.where(width > 0, (t - self.t[left]) / torch.where(width > 0, width, 1.0), 0.0).clamp(0, 1)
        device = self.vertices.device
        begin, end = self.vertices[left.to(device)], self.vertices[right.to(device)]
        # lerp returns its ends bit for bit at the weights 0 and 1.
        return torch.lerp(begin, end, expand_to(weight.to(begin), begin))


def _positions(path: Vertices) -> Float[Tensor, k]:
    """Position of each vertex of one path: the same numbers whichever paths are beside it."""
    lengths = norms(path[1:] - path[:-1]).cpu()
    total = lengths.sum()
    # A path without length is walked by vertex number.
    steps = lengths / total if total > 0 else torch.full_like(lengths, 1 / len(lengths))
    t = torch.cat([steps.new_zeros(1), steps.cumsum(0)]).clamp(0, 1)
    t[-1] = 1.0
    return t
