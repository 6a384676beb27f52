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


def test_a_convex_loss_curves_downward_nowhere_and_a_flat_one_is_said_to_be_flat() -> None:
    from sklearn.datasets import load_digits

    data = load_digits()
    x, target = (torch.tensor(data.images).float() / 16).flatten(1), torch.tensor(data.target)
    torch.manual_seed(0)
    model = torch.nn.Linear(64, 10)  # log-sum-exp of linear functions
    descent = torch.optim.Adam(model.parameters(), 0.02)
    for _ in range(100):
        descent.zero_grad()
        torch.nn.functional.cross_entropy(model(x), target).backward()
        descent.step()
    landscape = isthmus.Landscape(isthmus.Network(model, input_shape=(64,)))
    graph = isthmus.barrier_graph(landscape, x[target == 8][:20], 8)
    found = graph.saddles(landscape, 3, least=1)
    assert found and all(saddle.negative == 0 for saddle in found)
    assert len(isthmus.graphs.saddles.saddles(landscape, graph, count=1, least=1, values=64)[0].curvatures) <= 63
    flat = isthmus.Landscape(isthmus.Network(torch.nn.Linear(64, 10), input_shape=(64,)), loss=isthmus.Margin())
    ends = isthmus.barrier_graph(flat, x[:4], 8, method=isthmus.StraightLine())
    assert all(saddle.flat for saddle in ends.saddles(flat, 3, least=1))
