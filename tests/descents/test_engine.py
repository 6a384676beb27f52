from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch

from isthmus.descents import Adam, Batch, Downhill, Moments, SignStep, UnitStep, join, leaving, take
from isthmus.testing import Ring


@dataclass(frozen=True, eq=False)
class Count(Batch):
    number: torch.Tensor


@dataclass(frozen=True, eq=False)
class Nested(Batch):
    number: torch.Tensor
    inside: Count


def test_rows_leave_when_they_are_done_and_cost_nothing_after():
    ring, made = Ring(), []

    def step(problem, state):
        ring.loss(torch.zeros(len(problem.number), 2, dtype=torch.float64), torch.zeros(len(problem.number)).long())
        return Count(state.number + 1)

    problem = Count(torch.tensor([3, 1, 2, 3]))
    left = leaving(
        ring,
        problem,
        Count(torch.zeros(4)),
        step=step,
        done=lambda rows, now: now.number >= rows.number,
        on_step=lambda rows, cost: made.append((rows.tolist(), cost)),
    )
    found = [(each.rows.tolist(), each.problem.number.tolist(), each.state.number.tolist()) for each in left]
    assert found == [([1], [1], [1]), ([2], [2], [2]), ([0, 3], [3, 3], [3, 3])]
    assert made == [([0, 1, 2, 3], 4), ([0, 2, 3], 3), ([0, 3], 2)]
    assert ring.forward_equivalents == 9


def test_batches_may_hold_batches():
    one = Nested(torch.arange(3), Count(torch.arange(3) * 10))
    part = take(one, torch.tensor([True, False, True]))
    assert part.number.tolist() == [0, 2] and part.inside.number.tolist() == [0, 20]
    both = join([one, part])
    assert both.inside.number.tolist() == [0, 10, 20, 0, 20]


def test_adam_is_that_of_torch():
    x = torch.randn((3, 5), generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    theirs = x.clone().requires_grad_()
    optimizer = torch.optim.Adam([theirs], lr=0.1)
    moments = Moments.like(x)
    for number in range(1, 8):
        gradient = torch.sin(x) + x
        direction, moments = Adam().direction(gradient, moments, torch.full((3,), number))
        x = x - 0.1 * direction
        theirs.grad = (torch.sin(theirs) + theirs).detach()
        optimizer.step()
        torch.testing.assert_close(x, theirs.detach(), rtol=1e-4, atol=1e-5)  # corrections are in float32


def test_directions():
    gradient = torch.tensor([[3.0, -4.0], [0.0, 0.0]], dtype=torch.float64)
    steps = torch.ones(2, dtype=torch.long)
    assert SignStep().direction(gradient, Moments.like(gradient), steps)[0].tolist() == [[1, -1], [0, 0]]
    unit = UnitStep().direction(gradient, Moments.like(gradient), steps)[0]
    assert unit.flatten().tolist() == pytest.approx([0.6, -0.8, 0, 0])


def test_the_best_point_is_kept_and_the_point_after_the_last_step_counts():
    ring = Ring(offset=0.3)
    start = torch.tensor([[0.5, 0.0], [0.9, 0.1]], dtype=torch.float64)
    target = torch.zeros(2, dtype=torch.long)
    never = torch.full((2,), -torch.inf)
    for steps in (1, 7, 40):
        found = Downhill(lr=0.15, max_steps=steps).run(ring, start, target, stop=never)
        assert found.steps.tolist() == [steps, steps]
        assert torch.allclose(ring.loss(found.x, target).double(), found.loss)
        assert bool((found.loss <= ring.loss(start, target)).all())
    up = Downhill(lr=0.05, max_steps=10, sign=-1.0).run(ring, start, target, stop=torch.full((2,), -0.9))
    assert bool((up.loss >= ring.loss(start, target)).all()) and int(up.steps[0]) < 10
