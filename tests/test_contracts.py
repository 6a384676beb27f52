"""The shipped contracts, passed by every member that the package brings; connectors have theirs in `connecting`."""

from __future__ import annotations

import math

import pytest
import torch

import isthmus
from isthmus import testing
from isthmus.certificates import Cheapest
from isthmus.landscapes.domains import VectorBall, VectorHull
from isthmus.making import PGD, TargetedAdam
from isthmus.studies.pair_kinds import Across, AttackedAcross, AttackedWithin, SynthesizedWithin, Within


def points(count, seed=1):
    return torch.randn((count, 2, 4), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class TestPolyline(testing.PathContract):
    def path(self):
        return isthmus.Polyline(points(5))


class TestLine(testing.PathContract):
    def path(self):
        return isthmus.Bezier(points(2))


class TestQuadratic(testing.PathContract):
    def path(self):
        return isthmus.Bezier(points(3))


class TestBezierOfDegreeSix(testing.PathContract):
    def path(self):
        return isthmus.Bezier(points(7))


class TestAffinePieces(testing.CertifierContract):
    def certifier(self):
        return isthmus.AffinePieces()


class TestTaylorModels(testing.CertifierContract):
    def certifier(self):
        return isthmus.TaylorModels()


class TestTaylorModelsOfSmoothNetworks(testing.CertifierContract):
    def certifier(self):
        return isthmus.TaylorModels(order=3)

    def landscape(self):
        return smooth_landscape()


class TestUniformSamples(testing.CertifierContract):
    def certifier(self):
        return isthmus.UniformSamples(share=0.002)


class TestCheapest(testing.CertifierContract):
    def certifier(self):
        return Cheapest()

    def kinds(self):
        return {"taylor", "pieces", "samples"}


def smooth_landscape() -> isthmus.Landscape:
    random = torch.Generator().manual_seed(5)
    model = torch.nn.Sequential(
        torch.nn.Linear(6, 16), torch.nn.GELU(), torch.nn.LayerNorm(16), torch.nn.Linear(16, 4)
    ).double()
    for weight in model.parameters():
        weight.data = torch.randn(weight.shape, generator=random, dtype=torch.float64) / weight.shape[-1] ** 0.5
    return isthmus.Landscape(isthmus.Network(model, input_shape=(6,)))


class TestCrossEntropy(testing.LossContract):
    def loss(self):
        return isthmus.CrossEntropy()


class TestMargin(testing.LossContract):
    def loss(self):
        return isthmus.Margin()


class TestBox(testing.DomainContract):
    def domain(self):
        return isthmus.Box(-0.5, torch.linspace(0.2, 1.5, 5, dtype=torch.float64))


class TestBall(testing.DomainContract):
    def domain(self):
        return isthmus.Ball(torch.linspace(0, 1, 5, dtype=torch.float64), 1.5)


class TestCube(testing.DomainContract):
    def domain(self):
        return isthmus.Ball(torch.linspace(0, 1, 5, dtype=torch.float64), 1.5, norm=math.inf)


class TestVectorBall(testing.DomainContract):
    shape = (3, 4)

    def domain(self):
        return VectorBall.around(torch.randn(9, 4, generator=torch.Generator().manual_seed(0)))


class TestVectorHull(testing.DomainContract):
    shape = (3, 4)

    def domain(self):
        return VectorHull(torch.randn(9, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64))


class TestFlatHull(testing.DomainContract):
    """Of points in a plane: most of their space is outside."""

    shape = (2, 5)

    def domain(self):
        flat = torch.randn(12, 2, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        return VectorHull(flat @ torch.randn(2, 5, generator=torch.Generator().manual_seed(2), dtype=torch.float64))


class TestTargetedAdam(testing.AttackContract):
    def attack(self):
        return TargetedAdam(max_steps=60, lr=0.05)


class TestLinfPGD(testing.AttackContract):
    def attack(self):
        return PGD.linf(epsilon=0.2)


class TestL2PGD(testing.AttackContract):
    def attack(self):
        return PGD.l2(epsilon=0.3, toward=True)


class TestFGSM(testing.AttackContract):
    def attack(self):
        return PGD.fgsm(0.2)


class TestWithin(testing.KindContract):
    def kind(self):
        return Within(per_class=5)


class TestAcross(testing.KindContract):
    def kind(self):
        return Across(per_class=5, lowest_loss=6)


class TestAttackedAcross(testing.KindContract):
    def kind(self):
        return AttackedAcross(per_class=3, stop="matched")


class TestAttackedWithin(testing.KindContract):
    def kind(self):
        return AttackedWithin(per_class=3, stop=0.5, name="within, attacked")


class TestSynthesizedWithin(testing.KindContract):
    def kind(self):
        return SynthesizedWithin(per_class=3)


def test_every_registered_member_can_be_made_or_says_what_it_needs():
    from isthmus import registries

    families = [value for name, value in vars(registries).items() if name.isupper() and name != "TYPE_CHECKING"]
    assert len(families) >= 8
    for family in families:
        for name in family:
            assert callable(family.maker(name)), (family.family, name)


def test_a_bezier_curve_without_turns_is_as_long_as_its_ends_are_apart():
    line = torch.linspace(0, 3, 4, dtype=torch.float64)[:, None] * torch.tensor([[1.0, 2.0, 2.0]], dtype=torch.float64)
    found = isthmus.Bezier(line)
    assert found.length == pytest.approx(9.0, rel=1e-9) and found.deviation < 1e-9 and found.degree == 3
    # The quadratic curve through (0, 0), (1, 2), (2, 0) is a piece of a parabola of known length.
    parabola = isthmus.Bezier(torch.tensor([[0.0, 0.0], [1.0, 2.0], [2.0, 0.0]], dtype=torch.float64))
    known = math.sqrt(5) + math.asinh(2) / 2
    assert parabola.length == pytest.approx(known, rel=1e-5)
    assert parabola.at(0.5).tolist() == pytest.approx([1, 1], abs=1e-6)
    assert parabola.deviation == pytest.approx(0.5, abs=1e-3) and parabola.length_ratio == pytest.approx(known / 2)


class TestL2(testing.MetricContract):
    def metric(self):
        return isthmus.metrics.L2()


class TestLInf(testing.MetricContract):
    def metric(self):
        return isthmus.metrics.LInf()


class TestPerChannel(testing.MetricContract):
    def metric(self):
        return isthmus.metrics.PerChannel()


class TestFisher(testing.MetricContract):
    def metric(self):
        return isthmus.metrics.Fisher()


class TestFeatures(testing.MetricContract):
    def metric(self):
        return isthmus.metrics.Features("2")


class TestLogits(testing.MetricContract):
    def metric(self):
        return isthmus.metrics.Features("")
