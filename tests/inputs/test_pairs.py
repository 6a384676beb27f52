from __future__ import annotations

import torch

from isthmus.inputs.pairs import pairs_within

GROUPS = [0] * 6 + [1] * 4 + [-1] * 3 + [2]
LOSSES = torch.arange(14, dtype=torch.float32).flip(0)


def test_pairs_stay_within_their_group_and_never_repeat():
    pairs = pairs_within(GROUPS, LOSSES, per_group=100).tolist()
    assert len(pairs) == 15 + 6 and len({tuple(sorted(p)) for p in pairs}) == 21
    assert all(GROUPS[i] == GROUPS[j] >= 0 and i != j for i, j in pairs)


def test_as_many_as_wanted_and_the_same_for_a_seed():
    pairs = pairs_within(GROUPS, LOSSES, per_group=3, seed=4)
    assert len(pairs) == 6 and torch.equal(pairs, pairs_within(GROUPS, LOSSES, per_group=3, seed=4))
    assert not torch.equal(pairs, pairs_within(GROUPS, LOSSES, per_group=3, seed=5))


def test_a_group_does_not_depend_on_the_others():
    alone = pairs_within([g if g == 1 else -1 for g in GROUPS], LOSSES, per_group=2)
    assert torch.equal(alone, pairs_within(GROUPS, LOSSES, per_group=2)[2:])


def test_only_the_lowest_losses_take_part():
    pairs = pairs_within(GROUPS, LOSSES, per_group=100, lowest=3)
    assert set(pairs.flatten().tolist()) == {3, 4, 5, 7, 8, 9}


def test_no_pairs_is_an_empty_list():
    assert pairs_within([0, 1, -1], torch.zeros(3), per_group=2).shape == (0, 2)
