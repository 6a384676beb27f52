from __future__ import annotations

import pytest
import torch

from isthmus import Box
from isthmus.detection.evaluation.shifts import SHIFTS, STRENGTHS, shifted, shifts_for


@pytest.mark.parametrize("name", list(SHIFTS))
@pytest.mark.parametrize("channels", [1, 3])
def test_stronger_means_farther_and_stays_an_image(name, channels):
    x = torch.rand(4, channels, 24, 20, generator=torch.Generator().manual_seed(0))
    x = torch.nn.functional.avg_pool2d(x, 5, 1, 2).sub(0.5).mul(3).add(0.5).clamp(0, 1)  # with edges, as images have
    far = []
    for strength in STRENGTHS:
        moved = shifted(x, name, strength, Box(0, 1))
        assert moved.shape == x.shape and moved.dtype == x.dtype and moved.min() >= 0 and moved.max() <= 1
        assert torch.equal(moved, shifted(x, name, strength, Box(0, 1)))
        far.append(float((moved - x).abs().mean()))
    assert far == sorted(far) and far[0] > 1e-5 and far[-1] > 1.4 * far[0]


def test_what_inputs_can_undergo():
    assert shifts_for(torch.zeros(2, 3, 8, 8)) == ["noise", "blur", "JPEG", "brightness"]
    assert "JPEG" not in shifts_for(torch.zeros(2, 2, 8, 8))
    assert shifts_for(torch.zeros(2, 13)) == ["noise"]
