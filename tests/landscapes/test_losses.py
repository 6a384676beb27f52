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
