"""Attacks that fail because gradients say nothing are told from attacks that fail because the network is strong."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

import isthmus
from isthmus.errors import IsthmusWarning
from isthmus.making import PGD, TargetedAdam, attack


class Changed(nn.Module):
    def __init__(self, model, before=lambda x: x, after=lambda z: z):
        super().__init__()
        self.model, self.before, self.after = model, before, after

    def forward(self, x):
        return self.after(self.model(self.before(x)))


def landscape_of(digits, **how):
    network = digits.network
    return isthmus.Landscape(
        isthmus.Network(Changed(network.model, **how), mean=[0.305], std=[0.376], input_shape=(1, 8, 8), check=False)
    )


class Instead(torch.autograd.Function):
    """The input, with something else for its gradient."""

    @staticmethod
    def forward(ctx, x, change):
        ctx.change = change
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return ctx.change(gradient), None


def noise(gradient):
    return torch.randn(gradient.shape, generator=torch.Generator().manual_seed(1)) * gradient.norm()


@pytest.fixture
def clean(digits, digit_images):
    x, y = digit_images
    right = digits.logits(x).argmax(1) == y
    return x[right][:150], y[right][:150]


def rate(landscape, x, y):
    return float(attack(landscape, x, y, method=PGD(epsilon=0.2), seed=0).success.float().mean())


@pytest.mark.parametrize("factor", [100, 1000])
def test_large_logits_do_not_protect(digits, clean, factor):
    plain = rate(digits, *clean)
    found = attack(landscape_of(digits, after=lambda z: z * factor), *clean, method=PGD(epsilon=0.2), seed=0)
    assert plain > 0.9 and float(found.success.float().mean()) >= 0.99 * plain
    assert not bool(found.suspect.any())


@pytest.mark.parametrize(
    "before",
    [
        lambda x: (x * 255).round() / 255,  # no slope at all
        lambda x: x.detach() + 0 * x,
        lambda x: (x.abs() * 0).sqrt() + x,  # a slope that is no number
    ],
)
def test_masked_gradients_are_flagged(digits, clean, before):
    x, y = (part[:30] for part in clean)
    with pytest.warns(IsthmusWarning, match="gradients that were zero or no number"):
        found = attack(landscape_of(digits, before=before), x, y, method=PGD(epsilon=0.05, steps=5), seed=0)
    assert float((found.flat[~found.success] > 0.95).float().mean()) >= 0.95
    assert bool(found.suspect.eq(~found.success).all())


@pytest.mark.parametrize("how", [{"epsilon": 0.05}, {"epsilon": 0.5, "norm": 2}])
@pytest.mark.parametrize(
    "before",
    [
        lambda x: x + 0.002 * torch.sin(5000 * x),  # slopes of fine waves, which drown those of the network
        lambda x: x + 2e-4 * torch.sin(1e5 * x),
        lambda x: Instead.apply(
            x, lambda g: torch.randn(g.shape, generator=torch.Generator().manual_seed(1)) * g.norm()
        ),
        lambda x: Instead.apply(x, torch.neg),
        lambda x: Instead.apply(x, lambda g: g.flatten(1).roll(17, 1).view_as(g)),
        lambda x: (torch.floor(16 * x) + torch.sigmoid(2000 * (16 * x - torch.floor(16 * x) - 0.5))) / 16,
    ],
)
def test_gradients_that_mislead_are_flagged(digits, clean, before, how):
    x, y = (part[:80] for part in clean)
    with pytest.warns(IsthmusWarning, match="did not lead where they promised"):
        found = attack(landscape_of(digits, before=before), x, y, method=PGD(steps=5, **how), seed=0)
    failed = ~found.success
    assert int(failed.sum()) > 40 and float(found.suspect[failed].float().mean()) >= 0.95


@pytest.mark.parametrize("factor", [1e-3, 1, 1000])
@pytest.mark.parametrize(
    "how", [{"epsilon": 0.05}, {"epsilon": 0.5, "norm": 2}, {"epsilon": 1e-8}, {"epsilon": 1e-7, "norm": 2}]
)
def test_ordinary_networks_are_not_flagged(digits, clean, how, factor):
    """Many attacks fail there as well, for good reasons."""
    found = attack(landscape_of(digits, after=lambda z: z * factor), *clean, method=PGD(steps=5, **how), seed=0)
    failed = ~found.success
    assert int(failed.sum()) > 40 and float(found.suspect.float().mean()) < 0.05
    assert bool(found.promise[~failed].isnan().all())
    assert 0.8 < float(found.promise[failed].min()) <= float(found.promise[failed].max()) < 1.2


def test_what_drowns_in_rounding_is_not_judged(digits, clean):
    """Half precision knows three digits: a short step raises its losses by any share of what was promised."""
    half = isthmus.Landscape(digits.network, autocast=torch.bfloat16)
    found = attack(half, *clean, method=PGD(epsilon=0.01, steps=3), seed=0)
    failed = ~found.success
    assert int(failed.sum()) > 40 and not bool(found.suspect.any())


def test_attacks_without_a_ball_or_gradients_promise_nothing(digits, clean):
    x, y = (part[:5] for part in clean)
    found = attack(digits, x, (y + 1) % 10, method=TargetedAdam(max_steps=1))
    assert not bool(found.success.all()) and bool(found.promise.isnan().all()) and not bool(found.suspect.any())


@pytest.mark.parametrize("order", [2, math.inf])
@pytest.mark.parametrize("domain", ["ball", "cube", "box"])
def test_results_lie_in_the_ball_and_in_the_domain(order, domain):
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3))
    middle = torch.full((8,), 0.5)
    domains = {"ball": isthmus.Ball(middle, 0.4), "cube": isthmus.Ball(middle, 0.4, math.inf), "box": isthmus.Box(0, 1)}
    landscape = isthmus.Landscape(isthmus.Network(model), domain=domains[domain])
    x = landscape.domain.project(torch.rand(100, 8))
    made = attack(landscape, x, landscape.logits(x).argmax(1), method=PGD(epsilon=0.1, norm=order))
    assert bool(made.valid.all())


def test_results_are_not_the_memory_of_the_caller(digits, clean):
    x, y = clean[0][:3].clone(), clean[1][:3].clone()
    made = attack(digits, x, y, method=PGD(epsilon=0.1, steps=2))
    kept = {name: getattr(made, name).clone() for name in ("x", "source", "target")}
    x.zero_()
    y.zero_()
    assert all(torch.equal(getattr(made, name), value) for name, value in kept.items())


def test_the_program_writes_the_flag(program, two, tmp_path):
    import json

    ran = program("attack", two[0], "--method", "pgd-linf", "--out", tmp_path / "out")
    assert ran.code == 0
    (row,) = json.loads((tmp_path / "out" / "result.json").read_text())["rows"]
    assert row["flat"] == 0.0 and row["suspect"] is False and "promise" in row
