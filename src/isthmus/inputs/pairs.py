"""Pairs: which inputs are connected with which."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from isthmus._core.random import generator

SHUFFLED = 2**24  # so many possible pairs are shuffled; among more, numbers are drawn until enough differ


def pairs_within(
    groups: Sequence[int] | Tensor, losses: Tensor, *, per_group: int, lowest: int | None = None, seed: int = 0
) -> Tensor:
    """Random pairs (p, 2) of different members of the same group, without repetition, group by group.

    Args:
        groups: group of each input (n,), such as its class; a negative number leaves the input out.
        losses: loss of each input (n,).
        per_group: pairs wanted from each group; fewer where it has fewer.
        lowest: only the so many inputs of lowest loss of each group take part.
        seed: of the draw; a group's pairs do not depend on the other groups.
    """
    drawn = []
    for group, members in _members(groups, losses, lowest).items():
        count = len(members)
        rank = _distinct(count * (count - 1) // 2, per_group, seed, group)
        drawn.append(members[_pair_of_rank(rank, count)])
    return torch.cat(drawn) if drawn else torch.zeros((0, 2), dtype=torch.long)


def pairs_across(
    groups: Sequence[int] | Tensor, losses: Tensor, *, per_group: int, lowest: int | None = None, seed: int = 0
) -> Tensor:
    """Random pairs (p, 2) of a member of a group and a member of another, without repetition, by the first's group.

    The arguments are those of `pairs_within`.
    """
    by_group = _members(groups, losses, lowest)
    drawn = []
    for group, members in by_group.items():
        others = [other for name, other in by_group.items() if name != group]
        if not others:
            continue
        other = torch.cat(others)
        rank = _distinct(len(members) * len(other), per_group, seed, group)
        drawn.append(torch.stack([members[rank // len(other)], other[rank % len(other)]], dim=1))
    return torch.cat(drawn) if drawn else torch.zeros((0, 2), dtype=torch.long)


def partners_within(
    groups: Sequence[int] | Tensor, losses: Tensor, numbers: Tensor, *, lowest: int | None = None, seed: int = 0
) -> Tensor:
    """For each input of some numbers (p,) another member of its group (p,), drawn at random, with repetition.

    The arguments are those of `pairs_within`; a member that is alone is its own partner.
    """
    by_group = _members(groups, losses, lowest)
    group_of = torch.as_tensor(groups)[numbers]
    partner = numbers.clone()
    for group, members in by_group.items():
        rows = (group_of == group).nonzero()[:, 0]
        if len(members) < 2 or not len(rows):
            continue
        random = generator((seed * 1_000_003 + group + 2**40) % 2**63)
        place = torch.searchsorted(members, numbers[rows])
        shift = torch.randint(1, len(members), (len(rows),), generator=random)
        partner[rows] = members[(place + shift) % len(members)]
    return partner


def _members(groups: Sequence[int] | Tensor, losses: Tensor, lowest: int | None) -> dict[int, Tensor]:
    """Numbers of the inputs of each group that take part, in ascending order."""
    number = torch.as_tensor(groups)
    found = {}
    for group in torch.unique(number[number >= 0]).tolist():
        members = (number == group).nonzero()[:, 0]
        found[int(group)] = members[losses[members].argsort(stable=True)][:lowest].sort().values
    return found


def _distinct(total: int, wanted: int, seed: int, group: int) -> Tensor:
    """So many different whole numbers below `total`, or all of them, in random order."""
    random = generator((seed * 1_000_003 + group) % 2**63)
    if total <= SHUFFLED or 4 * wanted > total:
        return torch.randperm(total, generator=random)[:wanted]
    drawn = torch.randint(total, (2 * wanted,), generator=random)
    # The first of equal numbers stays, at its place. Twice as many are drawn as are wanted, and few are equal.
    value, place = torch.unique(drawn, return_inverse=True)
    first = torch.full((len(value),), len(drawn)).scatter_reduce(0, place, torch.arange(len(drawn)), "amin")
    return drawn[first.sort().values][:wanted]


def _pair_of_rank(rank: Tensor, count: int) -> Tensor:
    """The pairs (i, j), i < j < count, at the given places of their lexicographic order."""
    half = count - 0.5
    i = (half - (half**2 - 2 * rank.double()).clamp_min(0).sqrt()).floor().long().clamp(0, max(0, count - 2))

    def begin(row: Tensor) -> Tensor:
        return row * (2 * count - row - 1) // 2

    i = i - (begin(i) > rank).long()  # where the square root was rounded over a border
    i = i + (begin(i + 1) <= rank).long()
    return torch.stack([i, rank - begin(i) + i + 1], dim=1)
