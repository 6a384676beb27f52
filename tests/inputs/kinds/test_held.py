"""What no path may change: held features, of ends that differ in them, with every method and every attack."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import isthmus
from isthmus import registries
from isthmus.inputs.kinds import Table
from isthmus.landscapes.domains import Restricted
from isthmus.making import PGD, TargetedAdam, attack

METHODS = {
    "bypass": isthmus.BarrierBypass(),
    "adam": isthmus.BarrierBypass(lr=0.05),
    "gradient": isthmus.BarrierBypass(lr=0.05, hyperplane=isthmus.Hyperplane.GRADIENT),
    "free": isthmus.BarrierBypass(hyperplane=isthmus.Hyperplane.NONE),
    "levels": isthmus.LevelSetTraversal(),
    "string": isthmus.StringMethod(),
    "band": isthmus.NudgedElasticBand(),
    "bezier": isthmus.BezierCurve(),
}


def people(held, sums=()):
    """A network that is surest at the ends of ages, and rows that it takes for one class."""
    random = np.random.default_rng(0)
    shares = random.dirichlet([2, 2, 2], 120)
    shares[:, 0] = 0.3
    shares[:, 1:] *= 0.7 / shares[:, 1:].sum(1, keepdims=True)
    rows = {
        "age": random.uniform(20, 70, 120),
        "income": random.normal(5, 2, 120),
        **dict(zip("pqr", shares.T, strict=True)),
    }
    ranges = dict.fromkeys("pqr", (0, 1))
    table = Table.of(rows, held=held, sums=sums, ranges=ranges)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        module = torch.nn.Sequential(torch.nn.Linear(5, 24), torch.nn.Tanh(), torch.nn.Linear(24, 2))
        for weight in module.parameters():
            weight.data *= 3
    landscape = isthmus.Landscape(isthmus.Network(module, input_kind=table))
    x = table.encode(rows)
    x = x[landscape.logits_of(x).argmax(1) == 1]
    return landscape, table, x


def test_every_method_that_moves_is_tried():
    known = {type(registries.METHODS.maker(name)()) for name in registries.METHODS}
    ours = {each.__name__ for each in known if each.__module__.startswith("isthmus.connecting.")}
    assert {type(method).__name__ for method in METHODS.values()} == ours - {"StraightLine"}


@pytest.mark.parametrize("name", METHODS)
def test_held_features_stay_between_their_ends(name):
    landscape, _, x = people(["age"])
    count = min(20, len(x) // 2)
    found = isthmus.connect(landscape, x[:count], x[count : 2 * count], 1, method=METHODS[name])
    moved = 0.0
    for pair in found:
        ages = pair.path.at(torch.linspace(0, 1, 101, dtype=torch.float64))[:, 0]
        low, high = sorted((float(ages[0]), float(ages[-1])))
        assert float(ages.min()) >= low - 1e-5 and float(ages.max()) <= high + 1e-5
        moved = max(moved, pair.path.deviation)
    assert moved > 0.05  # there was something to hold


@pytest.mark.parametrize("name", METHODS)
def test_a_held_member_of_a_sum_is_held(name):
    landscape, table, x = people(["p"], sums=[("pqr", 1.0)])
    count = min(20, len(x) // 2)
    found = isthmus.connect(landscape, x[:count], x[count : 2 * count], 1, method=METHODS[name])
    for pair in found:
        on = table.frame(pair.path.at(torch.linspace(0, 1, 101, dtype=torch.float64)))
        assert np.allclose(on["p"], 0.3, atol=1e-4)
        assert np.allclose(np.sum([on[name] for name in "pqr"], axis=0), 1, atol=1e-3)


def test_the_nearest_point_leaves_held_members_of_a_sum():
    domain = Restricted(low=0.0, high=1.0, sums=[((0, 1, 2), 1.0)], held=(0,))
    assert torch.allclose(domain.project(torch.tensor([[0.5, 1.2, -0.7]])), torch.tensor([[0.5, 0.5, 0.0]]))
    # Where what is held leaves no room, the sum comes first.
    whole = domain.project(torch.tensor([[5.0, 0.2, 0.1]]))
    assert float(whole.sum()) == pytest.approx(1) and bool(domain.contains(whole).all())
    assert torch.equal(domain.hold(torch.zeros(1, 3), torch.ones(1, 3)), torch.tensor([[1.0, 0.0, 0.0]]))


@pytest.mark.parametrize("method", [PGD.linf(epsilon=0.5), PGD.l2(epsilon=1.0, restarts=2), TargetedAdam()])
def test_attacks_leave_held_features(method):
    landscape, table, x = people(["income", "p"], sums=[("pqr", 1.0)])
    made = attack(landscape, x[:12], 1 if not method.targeted else 0, method=method)
    places = [table.names.index(name) for name in ("income", "p")]
    assert torch.allclose(made.x[:, places], x[:12, places], atol=1e-5)
    assert float((made.x - x[:12]).abs().max()) > 0.1


def test_methods_that_ask_no_domain_are_held_too():
    class Wanders(PGD):
        def run(self, landscape, x, target, **more):
            found = super().run(landscape, x, target, **more)
            found.x[:, 1] += 1.0
            return found

    landscape, _, x = people(["income"])
    made = attack(landscape, x[:4], 1, method=Wanders(epsilon=0.2))
    assert torch.equal(made.x[:, 1], x[:4, 1])
