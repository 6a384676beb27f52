"""Somebody else's pairs, and a column of their own."""

from __future__ import annotations

import torch

import isthmus
from isthmus.studies.pair_kinds import Draws, ReadKind


class Neighbours(ReadKind):
    """Each input with the next of its class."""

    kind: str = "neighbours"
    per_class: int = 2

    def draw(self, groups, losses, seed):
        ends = []
        for group in sorted(set(groups[groups >= 0].tolist())):
            members = (groups == group).nonzero()[:, 0]
            ends += list(zip(members[:-1].tolist(), members[1:].tolist(), strict=True))[: self.per_class]
        found = torch.tensor(ends).reshape(-1, 2)
        return Draws(found, groups[found[:, 0]])


EXTRA_LENGTH = isthmus.Column(
    name="extra_length",
    type="float64",
    meaning="length of the path found, less that of the direct path, in data units",
    read=lambda pair: pair.path.length - pair.path.direct_length,
)
