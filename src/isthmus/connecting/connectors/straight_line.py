"""StraightLine: the direct path and nothing else, to measure direct barriers."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from isthmus._core.annotated import as_annotated
from isthmus._core.shapes import Mask, SegmentVertices
from isthmus.connecting.connectors.base import Batch, Connector, Segments
from isthmus.landscapes import AbstractLandscape


@as_annotated
@dataclass(frozen=True, kw_only=True)
class StraightLine(Connector[Batch]):
    """Leaves every pair its direct path; `connect` then only measures it."""

    @property
    def max_rounds(self) -> int:
        return 0

    def init(self, landscape: AbstractLandscape, segments: Segments, generator: torch.Generator) -> Batch:
        return Batch()

    def step(self, landscape: AbstractLandscape, segments: Segments, state: Batch) -> Batch:
        return state

    def terminate(self, segments: Segments, state: Batch) -> Mask:
        return torch.ones(len(segments), dtype=torch.bool, device=segments.start.device)

    def vertices(self, segments: Segments, state: Batch) -> SegmentVertices:
        return segments.start[:, None][:, :0]
