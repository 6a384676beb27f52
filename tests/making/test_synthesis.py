from __future__ import annotations

import pytest
import torch

import isthmus
from isthmus import IsthmusError
from isthmus.making import FromNoise, synthesize


def test_every_class_of_the_digits_has_synthesized_inputs(digits):
    target = torch.arange(10).repeat_interleave(2)
    found = synthesize(digits, target, seed=7)
    assert found.x.shape == (20, 1, 8, 8) and found.x.min() >= 0 and found.x.max() <= 1
    # One class needs more steps than there are; what was done early is below the goal.
    assert found.success.all() and (found.loss < 2e-3).all()
    assert (found.loss[found.steps < 512] <= 5.1e-4).all() and (found.steps < 512).sum() >= 17
    torch.testing.assert_close(digits.loss(found.x, target), found.loss)
    assert found.seeds == tuple(range(7, 27))
    assert (found.x[0] - found.x[1]).abs().max() > 1e-3  # another seed, another input


def test_an_input_depends_on_its_own_seed_only(digits):
    target = torch.tensor([3, 4, 3])
    together = synthesize(digits, target, seed=[5, 6, 8])
    alone = synthesize(digits, target[2:], seed=[8])
    torch.testing.assert_close(alone.x[0], together.x[2], atol=1e-5, rtol=0)
    assert alone.steps[0] == together.steps[2]


def test_untrained_networks_have_modes_too():
    landscape = isthmus.Landscape(isthmus.load_network("untrained:digits?seed=0"), domain=isthmus.Unbounded())
    found = synthesize(landscape, torch.arange(10), method=FromNoise(bounded=False, max_steps=1000))
    # Fresh weights tell classes apart by little: the loss falls far below that of chance, log(10), and not to zero.
    assert found.success.sum() >= 9 and (found.loss < 1.8).all() and found.loss.mean() < 1.2


def test_the_start_is_small_noise_around_the_mean(digits):
    found = synthesize(digits, torch.tensor([1]), method=FromNoise(max_steps=1, goal=100.0), seed=3)
    noise = torch.randn((1, 8, 8), generator=torch.Generator().manual_seed(3))
    assert found.steps[0] == 0
    expected = digits.network.mean + 0.01 * digits.network.std * noise
    torch.testing.assert_close(found.x[0], expected.float())


def test_other_shapes():
    for shape in [(13,), (2, 9, 7), (4, 16, 16)]:
        numbers = int(torch.tensor(shape).prod())
        with torch.random.fork_rng():
            torch.manual_seed(0)
            model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(numbers, 3))
        landscape = isthmus.Landscape(isthmus.Network(model), domain=isthmus.Unbounded())
        found = synthesize(landscape, torch.tensor([0, 2]), shape=shape)
        assert found.x.shape == (2, *shape) and found.success.all()


@pytest.mark.usefixtures("as_installed")
def test_bad_input_is_said(digits):
    with pytest.raises(IsthmusError, match=r"target must lie in 0 ... 9"):
        synthesize(digits, torch.tensor([10]))
    with pytest.raises(IsthmusError, match="seed must be"):
        synthesize(digits, torch.tensor([1, 2]), seed=[1])
    with pytest.raises(IsthmusError, match="shape of an input"):
        synthesize(isthmus.testing.DoubleWell(), torch.tensor([0]))
    with pytest.raises(IsthmusError, match="lr > 0"):
        synthesize(digits, torch.tensor([1]), method=FromNoise(max_steps=0))
