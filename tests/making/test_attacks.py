from __future__ import annotations

import math

import pytest
import torch

import isthmus
from isthmus import IsthmusError
from isthmus.descents import Descended
from isthmus.making import PGD, AttackMethod, FromNoise, TargetedAdam, attack, synthesize

ATTACK = TargetedAdam(max_steps=300)


@pytest.fixture(scope="module")
def sources(digits, digit_images):
    """Twelve recognised digits, each with the next class as its target."""
    x, y = digit_images
    right = digits.logits(x).argmax(1) == y
    x, y = x[right][:12], y[right][:12]
    return x, y, (y + 1) % 10


def test_most_attacks_succeed_in_bounds_and_again_as_files(digits, sources):
    x, y, target = sources
    found = attack(digits, x, target, method=ATTACK, stop=0.4)
    assert found.success.sum() >= 11 and found.success_8bit.sum() >= 10
    assert found.x.min() >= 0 and found.x.max() <= 1
    predicted = digits.logits(found.x).argmax(1)
    assert torch.equal(predicted == target, found.success)
    torch.testing.assert_close(digits.loss(found.x, target), found.loss)
    assert (found.loss[found.steps < 300] <= 0.4).all() and not torch.equal(predicted, y)
    torch.testing.assert_close(found.l2, (found.x - x).flatten(1).norm(dim=1).double())
    assert torch.equal(found.linf, (found.x - x).abs().flatten(1).amax(1))


def test_each_stops_at_its_own_loss(digits, sources):
    x, _, target = sources
    stop = torch.linspace(0.01, 2.0, 12)
    found = attack(digits, x, target, method=ATTACK, stop=stop)
    reached = found.steps < 300
    assert reached.sum() >= 11 and (found.loss[reached] <= stop[reached] + 1e-5).all()
    on = attack(digits, x, target, method=ATTACK)
    assert (on.steps == 300).all() and (on.loss <= found.loss + 1e-6).all()


def test_a_batch_is_as_each_alone(digits, sources):
    x, _, target = sources
    together = attack(digits, x, target, method=ATTACK, stop=0.5)
    for row in range(3):
        alone = attack(digits, x[row : row + 1], target[row : row + 1], method=ATTACK, stop=0.5)
        assert alone.steps[0] == together.steps[row]
        torch.testing.assert_close(alone.x[0], together.x[row], atol=1e-5, rtol=0)


def test_a_reference_in_plain_torch(digits, sources):
    """The published attack, written as its authors describe it: torch's Adam on normalised inputs, without bounds."""
    x, _, target = sources
    network = digits.network
    mean, std = network.mean.float(), network.std.float()
    z0 = (x[:1] - mean) / std
    z = z0.clone().requires_grad_()
    optimiser = torch.optim.Adam([z], lr=0.005)
    with network.fixed():
        for _ in range(40):
            optimiser.zero_grad()
            moved = z - z0
            loss = torch.nn.functional.cross_entropy(network.model(z), target[:1])
            tv = moved.diff(dim=-1).abs().sum() + moved.diff(dim=-2).abs().sum()
            (loss + 0.1 * (moved**2).mean() + 1e-8 * tv).backward()
            optimiser.step()
    landscape = isthmus.Landscape(network, domain=isthmus.Unbounded())
    found = attack(landscape, x[:1], target[:1], method=TargetedAdam(max_steps=40, bounded=False))
    expected = z.detach() * std + mean
    # The lowest point seen is returned; here the last one is the lowest.
    torch.testing.assert_close(found.x, expected, atol=2e-5, rtol=0)


@pytest.mark.usefixtures("as_installed")
def test_bad_input_is_said(digits, sources):
    x, _, target = sources
    for change, expected in [
        ({"x": x * 255}, "0-255"),
        ({"target": target + 5}, "target must lie in 0 ... 9"),
        ({"stop": torch.zeros(3)}, "stop must be a number or one an input"),
        ({"stop": float("nan")}, "stop must be .*a number"),
    ]:
        with pytest.raises(IsthmusError, match=expected):
            attack(digits, change.get("x", x), change.get("target", target), stop=change.get("stop"))
    with pytest.raises(IsthmusError, match="lr > 0"):
        attack(digits, x, target, method=TargetedAdam(lr=0))


def test_networks_of_half_precision(digits, sources):
    x, _, target = sources
    network = isthmus.load_network("digits")
    network.model.bfloat16()
    landscape = isthmus.Landscape(network)
    for method in (TargetedAdam(max_steps=20), PGD(epsilon=0.2, steps=3)):
        found = attack(landscape, x, target, method=method)
        assert found.x.dtype == torch.float32 and found.valid.all()
    assert synthesize(landscape, torch.tensor([1]), method=FromNoise(max_steps=3)).x.isfinite().all()


def test_the_lowest_point_seen_is_returned(digits, sources):
    """From where the loss is low already, steps far too long only lead up; the result is never above the source."""
    x, y, _ = sources
    found = attack(digits, x, y, method=TargetedAdam(lr=2.0, max_steps=7))
    assert (found.steps == 7).all() and (found.loss <= digits.loss(x, y) + 1e-6).all()


class Careless(AttackMethod):
    """Goes wherever it likes."""

    targeted = True
    radius = (0.1, math.inf)

    def run(self, landscape, x, target, **_):
        moved = x.clone()
        moved[0] = (x[0] + 0.1).clamp(max=1.0)
        moved[1] = (x[1] + 0.11).clamp(max=1.0)
        moved[2] = x[2] - 0.05
        return Descended(moved, torch.zeros(len(x)).double(), torch.zeros(len(x), dtype=torch.long))


def test_what_lies_outside_is_not_valid(digits, sources):
    x, _, target = sources
    assert attack(digits, x[:4], target[:4], method=Careless()).valid.tolist() == [True, False, False, True]


def test_progress_counts_the_steps_of_what_is_not_done_yet(digits, digit_images):
    x, y = digit_images
    told = []
    attack(digits, x[:10], y[:10], method=PGD.linf(epsilon=0.01, steps=10), progress=told.append)
    done = [each.done for each in told]
    assert done == sorted(done) and done[-1] == 10 and len(set(done)) >= 5  # and not 0 up to the last step
