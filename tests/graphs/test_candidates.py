"""Candidates: those down the slope come first, the lowest of them, and only lower ones of the same target."""

from __future__ import annotations

import torch

import isthmus
from isthmus.graphs.candidates import candidates
from isthmus.testing import ToyLandscape


class Bowl(ToyLandscape):
    def __init__(self) -> None:
        super().__init__(domain=isthmus.Box(-2, 2))

    def height(self, x: torch.Tensor) -> torch.Tensor:
        return (x**2).sum(1)


def chosen(x: list[list[float]], target: list[int], most: int) -> dict[int, list[int]]:
    landscape, points, classes = Bowl(), torch.tensor(x).double(), torch.tensor(target)
    found = candidates(landscape, points, classes, landscape.loss(points, classes * 0), most=most)
    order = found.score.argsort(kind="stable")
    return {k: [int(found.low[row]) for row in order if found.high[row] == k] for k in range(len(x))}


def test_what_lies_down_the_slope_comes_first() -> None:
    found = chosen([[1.0, 0.0], [-0.9, 0.0], [0.99, 0.05]], [0, 0, 0], 1)
    assert found[0] == [1]  # all the way across, and lower
    assert chosen([[1.0, 0.0], [0.7, 0.7], [-0.95, 0.0]], [0, 0, 0], 1)[0] == [2]


def test_only_lower_inputs_of_the_same_target_are_candidates() -> None:
    found = chosen([[1.0, 0.0], [0.5, 0.0], [0.2, 0.0], [0.0, 0.1]], [0, 0, 1, 0], 9)
    assert sorted(found[0]) == [1, 3]
    assert found[1] == [3]
    assert found[2] == found[3] == []
    assert len(chosen([[0.1 * k, 0.0] for k in range(12)], [0] * 12, 4)[11]) == 4
