from __future__ import annotations

import torch

from isthmus import CrossEntropy, Margin


def test_cross_entropy_is_minus_the_log_probability():
    logits, target = torch.tensor([[2.0, 1.0, 0.0], [0.0, 0.0, 0.0]]), torch.tensor([1, 2])
    expected = -logits.double().softmax(1).gather(1, target[:, None])[:, 0].log()
    assert torch.allclose(CrossEntropy()(logits, target).double(), expected, atol=1e-6)


def test_margin_is_below_zero_exactly_where_the_target_is_predicted():
    logits = torch.randn((200, 7), generator=torch.Generator().manual_seed(0))
    target = torch.arange(200) % 7
    margin = Margin()(logits, target)
    assert torch.equal(margin < 0, logits.argmax(1) == target)
    assert torch.isclose(margin[3], torch.cat([logits[3, :3], logits[3, 4:]]).max() - logits[3, 3])


def test_the_even_scale_of_cross_entropy_is_minus_the_log_odds():
    logits = 8 * torch.randn((200, 5), generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    target = torch.arange(200) % 5
    others = logits.masked_fill(torch.nn.functional.one_hot(target, 5).bool(), -torch.inf)
    odds = logits.gather(1, target[:, None])[:, 0] - others.logsumexp(1)
    even = CrossEntropy().on_even_scale(CrossEntropy()(logits, target))
    near = odds < 30  # beyond, float64 has lost them
    assert torch.allclose(even.value[near], -odds[near], rtol=1e-3)
    assert bool(CrossEntropy().on_even_scale(torch.zeros(3)).value.isfinite().all())
