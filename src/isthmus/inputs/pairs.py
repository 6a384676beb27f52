"""Pairs: which inputs are connected with which."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from isthmus._random import generator


def pairs_within(
    groups: Sequence[int], losses: Tensor, *, per_group: int, lowest: int | None = None, seed: int = 0
) -> Tensor:
    """Random pairs (p, 2) of different members of the same group, without repetition, group by group.

    Args:
        groups: group of each input (n,), such as its class; a negative number leaves the input out.
        losses: loss of each input (n,).
        per_group: pairs wanted from each group; fewer where it has fewer.
        lowest: only the so many inputs of lowest loss of each group take part.
        seed: of the draw; a group's pairs do not depend on the other groups.
    """
    number = torch.as_tensor(groups)
    drawn = []
    for group in sorted({int(value) for value in number if value >= 0}):
        members = (number == group).nonzero()[:, 0]
        members = members[losses[members].argsort(stable=True)][:lowest].sort().values
        every = torch.combinations(members, 2)
        order = torch.randperm(len(every), generator=generator((seed * 1_000_003 + group) % 2**63))
        drawn.append(every[order[:per_group]])
    return torch.cat(drawn) if drawn else torch.zeros((0, 2), dtype=torch.long)
