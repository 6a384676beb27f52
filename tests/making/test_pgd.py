from __future__ import annotations

import math

import pytest
import torch

from isthmus import IsthmusError
from isthmus.making import PGD, attack


@pytest.fixture(scope="module")
def sources(digits, digit_images):
    x, y = digit_images
    right = digits.logits(x).argmax(1) == y
    return x[right][:40], y[right][:40]


@pytest.mark.parametrize(("norm", "epsilon"), [(math.inf, 0.2), (2, 1.2)])
def test_inside_the_ball_and_the_box_and_often_successful(digits, sources, norm, epsilon):
    x, y = sources
    found = attack(digits, x, y, method=PGD(epsilon=epsilon, norm=norm), seed=1)
    assert found.valid.all()
    size = found.linf if norm == math.inf else found.l2
    assert (size <= epsilon + 1e-6).all() and size.max() > 0.95 * epsilon
    assert found.x.min() >= 0 and found.x.max() <= 1
    assert torch.equal(found.success, digits.logits(found.x).argmax(1) != y)
    assert found.success.float().mean() > 0.4
    weaker = attack(digits, x, y, method=PGD(epsilon=epsilon / 4, norm=norm), seed=1)
    assert weaker.success.sum() < found.success.sum()


def test_restarts_and_steps_only_help(digits, sources):
    x, y = sources
    once = attack(digits, x, y, method=PGD(epsilon=0.1, steps=5), seed=3)
    more = attack(digits, x, y, method=PGD(epsilon=0.1, steps=5, restarts=4), seed=3)
    assert (more.loss >= once.loss - 1e-5).all() and (more.loss > once.loss + 1e-3).any()


def test_toward_a_class(digits, sources):
    x, y = sources
    target = (y + 3) % 10
    found = attack(digits, x, target, method=PGD(epsilon=0.4, toward=True, steps=40))
    assert found.success.float().mean() > 0.8 and torch.equal(found.success, found.predicted == target)
    assert (found.loss < digits.loss(x, target)).all()


def test_stops_where_it_is_told(digits, sources):
    x, y = sources
    found = attack(digits, x, y, method=PGD(epsilon=0.3, steps=30), stop=1.0)
    on = attack(digits, x, y, method=PGD(epsilon=0.3, steps=30))
    assert (found.steps <= on.steps).all() and found.steps.sum() < on.steps.sum()
    assert (found.loss[found.steps < 30] >= 1.0).all()


def test_an_input_that_has_reached_its_stop_stays_there(digits, sources):
    """What others of the batch still need must not move it: low-confidence attacks would become confident ones."""
    x, y = sources
    method = PGD(epsilon=0.3, steps=30, random_start=False)
    together = attack(digits, x[:8], y[:8], method=method, stop=1.0)
    alone = [attack(digits, x[n : n + 1], y[n : n + 1], method=method, stop=1.0) for n in range(8)]
    assert len({int(each.steps[0]) for each in alone}) > 2
    assert together.steps.tolist() == [int(each.steps[0]) for each in alone]
    assert torch.allclose(together.x, torch.cat([each.x for each in alone]), atol=1e-5)


def test_fgsm_is_one_step_of_the_whole_length(digits, sources):
    x, y = sources
    found = attack(digits, x, y, method=PGD.fgsm(0.1))
    expected = (x + 0.1 * digits.gradient(x, y).gradient.sign()).clamp(0, 1)
    weaker = digits.loss(expected, y) < digits.loss(x, y)  # the strongest point seen is kept: there, the source itself
    assert torch.allclose(found.x[~weaker], expected[~weaker], atol=1e-6) and not weaker.all()
    with pytest.raises(IsthmusError, match="one start"):
        PGD(epsilon=0.1, random_start=False, restarts=2)


def test_the_same_seed_gives_the_same(digits, sources):
    x, y = sources
    one, other, third = (attack(digits, x[:4], y[:4], method=PGD(epsilon=0.2, steps=2), seed=s).x for s in (5, 5, 6))
    assert torch.equal(one, other) and not torch.equal(one, third)


def test_what_cannot_be_is_said():
    for settings in ({"epsilon": 0.0}, {"epsilon": 0.1, "steps": 0}, {"epsilon": 0.1, "norm": 1}):
        with pytest.raises(IsthmusError, match="PGD"):
            PGD(**settings)
