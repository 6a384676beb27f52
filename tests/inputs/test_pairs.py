from __future__ import annotations

import torch

from isthmus.inputs import pairs as pairs_module
from isthmus.inputs.pairs import pairs_across, pairs_within

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


def test_every_rank_is_another_pair():
    for count in (2, 3, 50):
        ranks = torch.arange(count * (count - 1) // 2)
        assert torch.equal(pairs_module._pair_of_rank(ranks, count), torch.combinations(torch.arange(count)))


def test_ranks_are_exact_for_a_million_members():
    count = 1_000_000
    last = count * (count - 1) // 2 - 1
    begin = torch.tensor([0, 1, count - 2, count - 1, last - 1, last])
    expected = [[0, 1], [0, 2], [0, count - 1], [1, 2], [count - 3, count - 1], [count - 2, count - 1]]
    assert pairs_module._pair_of_rank(begin, count).tolist() == expected


def test_among_very_many_pairs_none_is_drawn_twice(monkeypatch):
    few = pairs_within([0] * 300, torch.zeros(300), per_group=2000).tolist()
    monkeypatch.setattr(pairs_module, "SHUFFLED", 1000)
    many = pairs_within([0] * 300, torch.zeros(300), per_group=2000).tolist()
    assert len({tuple(pair) for pair in many}) == len({tuple(pair) for pair in few}) == 2000
    assert many != few
    assert {i for pair in many for i in pair} == set(range(300))


def test_pairs_across_groups():
    pairs = pairs_across(GROUPS, LOSSES, per_group=1000).tolist()
    assert len(pairs) == 6 * 5 + 4 * 7 + 1 * 10 == len({tuple(pair) for pair in pairs})
    assert all(GROUPS[i] != GROUPS[j] and min(GROUPS[i], GROUPS[j]) >= 0 for i, j in pairs)
    assert [GROUPS[i] for i, _ in pairs] == sorted(GROUPS[i] for i, _ in pairs)
    assert pairs_across([0, 0, -1], torch.zeros(3), per_group=2).shape == (0, 2)
    assert {j for _, j in pairs_across(GROUPS, LOSSES, per_group=100, lowest=1).tolist()} == {5, 9, 13}


def test_ranks_are_exact_where_square_roots_are_not():
    count = 200_000_000
    ranks = torch.randint(count * (count - 1) // 2, (20_000,), generator=torch.Generator().manual_seed(0))
    borders = torch.randint(count, (20_000,), generator=torch.Generator().manual_seed(1))
    borders = borders * (2 * count - borders - 1) // 2  # the first pair of a row, and the last of the row before
    ranks = torch.cat([ranks, borders, (borders - 1).clamp_min(0)])
    i, j = pairs_module._pair_of_rank(ranks, count).T
    assert ((i >= 0) & (i < j) & (j < count)).all()
    assert torch.equal(i * (2 * count - i - 1) // 2 + j - i - 1, ranks)


def test_partners_are_others_of_the_same_group():
    from isthmus.inputs.pairs import partners_within

    groups = torch.tensor([0, 1, 0, 1, 0, 2, -1, 0])
    numbers = torch.tensor([0, 0, 2, 4, 7, 1, 3, 5] * 20)
    found = partners_within(groups, torch.zeros(8), numbers, seed=1)
    assert bool((groups[found] == groups[numbers]).all())
    alone = numbers == 5
    assert bool((found[alone] == 5).all()) and not bool((found[~alone] == numbers[~alone]).any())
    assert set(found[numbers == 0].tolist()) == {2, 4, 7}
    assert torch.equal(found, partners_within(groups, torch.zeros(8), numbers, seed=1))
    # Only the inputs that may be drawn are partners.
    losses = torch.tensor([1.0, 0, 2, 0, 3, 0, 0, 4])
    among = partners_within(groups, losses, torch.tensor([0, 2, 4] * 10), lowest=3)
    assert set(among.tolist()) == {0, 2, 4}
