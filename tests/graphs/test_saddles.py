"""Saddles: curvatures that are known."""

from __future__ import annotations

import pytest
import torch

import isthmus
from isthmus import Box
from isthmus.testing import ToyLandscape


class Quadric(ToyLandscape):
    """Two ends of loss 0 at -1 and 1 along the first axis; across it curvatures that are given."""

    def __init__(self, curvatures: list[float]) -> None:
        super().__init__(domain=Box(-2, 2))
        self.curvatures = torch.tensor(curvatures, dtype=torch.float64)

    def height(self, x: torch.Tensor) -> torch.Tensor:
        return 1 - x[:, 0] ** 2 + 0.5 * (self.curvatures.to(x) * x[:, 1:] ** 2).sum(1)


@pytest.mark.parametrize("rest", [3, 98])
def test_negative_curvatures_across_an_edge_are_counted(rest: int) -> None:
    landscape = Quadric([-3.0, 2.0, -0.5] + [1.0 + 0.1 * k for k in range(rest)])
    x = torch.zeros(2, 4 + rest, dtype=torch.float64)
    x[:, 0] = torch.tensor([-1.0, 1.0])
    graph = isthmus.barrier_graph(landscape, x, 0, method=isthmus.StraightLine())
    (saddle,) = graph.saddles(landscape, least=1)
    assert saddle.negative == 2
    assert saddle.curvatures[:3] == pytest.approx([-3.0, -0.5, 1.0], abs=0.02)
    assert saddle.max_loss == pytest.approx(1.0, abs=1e-3)
    assert saddle.slope == pytest.approx(0, abs=1e-3)


def test_saddles_of_digits_name_the_class_that_is_near(digits: isthmus.Landscape, digit_images: tuple) -> None:
    x, target = digit_images
    graph = isthmus.barrier_graph(digits, x[target == 8], 8)
    found = graph.saddles(digits, 3, least=1)
    assert found
    for saddle in found:
        logits = digits.logits(saddle.peak[None])[0]
        logits[8] = -torch.inf
        assert saddle.other_class == int(logits.argmax())
        assert 0 <= saddle.other_probability < 1
    with pytest.raises(isthmus.errors.InputError, match="values >= 1"):
        isthmus.graphs.saddles.saddles(digits, graph, values=0)
