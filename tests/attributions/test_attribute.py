"""Attributions: complete, exact on affine pieces, and right where something else knows the answer."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

import isthmus
from isthmus.errors import InputError, NetworkError
from isthmus.networks import small


def landscape_of(model: nn.Module, *shape: int) -> isthmus.Landscape:
    return isthmus.Landscape(isthmus.Network(model.eval(), input_shape=shape), domain=isthmus.Unbounded())


def bent(*layers: nn.Module) -> isthmus.Landscape:
    torch.manual_seed(0)
    return landscape_of(nn.Sequential(nn.Linear(6, 20), *layers, nn.Linear(20, 3)), 6)


def line(*shape: int, seed: int = 0) -> isthmus.Polyline:
    return isthmus.Polyline(torch.randn((2, *shape), generator=torch.Generator().manual_seed(seed)))


def by_force(landscape, path, index: int, points: int = 40_001) -> torch.Tensor:
    """Middles of so many equal intervals."""
    u = (torch.arange(points, dtype=torch.float64) + 0.5) / points
    ends = path.vertices.double()
    x = torch.lerp(ends[:1], ends[1:], u[:, None]).requires_grad_()
    wide = landscape.network.in_precision(torch.float64, path.vertices[0])
    (slope,) = torch.autograd.grad(wide.logits(x)[:, index].sum(), x)
    return slope.mean(0) * (ends[1] - ends[0])


def test_networks_of_pieces_are_summed_exactly(digits, digit_pairs):
    a, _, y = digit_pairs
    for number in range(3):
        path = isthmus.Polyline(torch.stack([torch.zeros_like(a[number]), a[number]]))
        found = isthmus.attribute(digits, path, int(y[number]))
        assert found.exact and found.completeness_error < 1e-9 and found.parts == found.gradients > 50
        assert abs(float(found.values.sum()) - found.change) < 1e-9 and found.values.shape == a[number].shape
        ends = digits.logits(path.vertices)[:, int(y[number])]
        assert abs(found.start - float(ends[0])) < 1e-4 and abs(found.end - float(ends[1])) < 1e-4


def test_what_is_exact_agrees_with_a_dense_sum():
    landscape, path = bent(nn.ReLU(), nn.Linear(20, 20), nn.ReLU()), line(6)
    found = isthmus.attribute(landscape, path, 1)
    assert found.exact
    torch.testing.assert_close(found.values, by_force(landscape, path, 1), atol=2e-4, rtol=0)


@pytest.mark.parametrize("model", [nn.GELU(), nn.Tanh(), nn.ReLU()])
def test_intervals_agree_with_a_dense_sum(model):
    landscape, path = bent(model, nn.Linear(20, 20), model), line(6)
    found = isthmus.attribute(landscape, path, 1, exact=False, tolerance=1e-4)
    assert not found.exact and found.completeness_error < 2e-4 * abs(found.change)
    torch.testing.assert_close(found.values, by_force(landscape, path, 1), atol=5e-3, rtol=0)


def test_smooth_networks_take_few_gradients():
    found = isthmus.attribute(bent(nn.Tanh()), line(6), 0, tolerance=1e-9)
    assert found.gradients <= 64 + 32 and found.completeness_error < 1e-8


def test_what_a_linear_network_says_is_known():
    torch.manual_seed(0)
    layer = nn.Linear(6, 3)
    path = line(6)
    found = isthmus.attribute(landscape_of(nn.Sequential(layer), 6), path, 2)
    expected = (layer.weight[2] * (path.vertices[1] - path.vertices[0])).detach().double()
    torch.testing.assert_close(found.values, expected, atol=1e-6, rtol=0)
    assert found.parts == 1


def test_ends_that_change_places_change_the_sign(digits, digit_pairs):
    a, c, y = (part[0] for part in digit_pairs)
    there = isthmus.attribute(digits, isthmus.Polyline(torch.stack([a, c])), int(y))
    back = isthmus.attribute(digits, isthmus.Polyline(torch.stack([c, a])), int(y))
    torch.testing.assert_close(there.values, -back.values, atol=1e-9, rtol=0)
    assert there.start == back.end


def test_paths_of_any_shape_and_many_of_them(digits, digit_pairs):
    a, c, y = (part[:2] for part in digit_pairs)
    found = isthmus.connect(digits, a, c, y)
    middle = torch.full_like(a[0], 0.5)
    curves = [isthmus.Bezier(torch.stack([a[0], middle, c[0]])), found[1].path]
    many = isthmus.attribute(digits, curves, y)
    assert [each.exact for each in many] == [False, True]
    for curve, one, index in zip(curves, many, y.tolist(), strict=True):
        assert one.completeness_error < 2e-3 * abs(one.change) + 1e-9
        alone = isthmus.attribute(digits, curve, index)
        torch.testing.assert_close(alone.values, one.values, atol=1e-9, rtol=0)
    # A straight curve is the segment.
    thirds = torch.stack([torch.lerp(a[0], c[0], share) for share in (0.0, 1 / 3, 2 / 3, 1.0)])
    curve = isthmus.attribute(digits, isthmus.Bezier(thirds), int(y[0]), tolerance=1e-4)
    straight = isthmus.attribute(digits, isthmus.Polyline(torch.stack([a[0], c[0]])), int(y[0]))
    torch.testing.assert_close(curve.values, straight.values, atol=0.02, rtol=0)


def test_a_network_with_attention():
    torch.manual_seed(0)
    landscape = isthmus.Landscape(small.vit())
    ends = torch.rand((2, 1, 8, 8), generator=torch.Generator().manual_seed(0))
    found = isthmus.attribute(landscape, isthmus.Polyline(ends), 3)
    assert not found.exact and found.completeness_error < 1e-3 * abs(found.change)
    with pytest.raises(NetworkError, match="No exact attribution"):
        isthmus.attribute(landscape, isthmus.Polyline(ends), 3, exact=True)


def test_too_few_gradients_are_said(digits, digit_pairs):
    a, c, y = (part[0] for part in digit_pairs)
    path = isthmus.Polyline(torch.stack([a, c]))
    found = isthmus.attribute(digits, path, int(y), most=60)
    assert not found.exact and found.gradients <= 60 and found.completeness_error > 0
    with pytest.raises(NetworkError, match="more than 60 affine pieces"):
        isthmus.attribute(digits, path, int(y), most=60, exact=True)


def test_cost_is_counted(digits, digit_pairs):
    a, c, y = (part[0] for part in digit_pairs)
    before = digits.forward_equivalents
    found = isthmus.attribute(digits, isthmus.Polyline(torch.stack([a, c])), int(y))
    assert digits.forward_equivalents - before >= 3 * found.gradients


def test_what_cannot_be_used_is_refused(digits, digit_pairs):
    path = isthmus.Polyline(torch.stack([digit_pairs[0][0], digit_pairs[1][0]]))
    with pytest.raises(InputError, match=r"0 \.\.\. 9"):
        isthmus.attribute(digits, path, 10)
    with pytest.raises(InputError, match="tolerance"):
        isthmus.attribute(digits, path, 1, tolerance=0)
    from isthmus.testing.landscapes import DoubleWell

    with pytest.raises(NetworkError, match="Landscape on a network"):
        isthmus.attribute(DoubleWell(), path, 1)


def test_captum_says_the_same(digits, digit_pairs):
    attr = pytest.importorskip("captum.attr", reason="captum is not installed")
    a, _, y = (part[0] for part in digit_pairs)
    found = isthmus.attribute(digits, isthmus.Polyline(torch.stack([torch.zeros_like(a), a])), int(y))
    with digits.network.fixed():
        wide = digits.network.in_precision(torch.float64, a)
        theirs = attr.IntegratedGradients(lambda x: wide.logits(x)).attribute(
            a[None].double(), target=int(y), n_steps=4000, internal_batch_size=500
        )[0]
    assert float((found.values - theirs).abs().sum()) < 5e-3 * float(found.values.abs().sum())
    assert found.completeness_error < abs(float(theirs.sum()) - found.change)


@pytest.mark.parametrize("most", [20, 60, 100, 150, 400, 20_000])
def test_no_rule_of_captum_is_nearer_at_the_same_number_of_gradients(digits, digit_pairs, most):
    attr = pytest.importorskip("captum.attr", reason="captum is not installed")
    wide = digits.network.in_precision(torch.float64, digit_pairs[0][0])
    ours = theirs = 0.0
    for a, y in zip(digit_pairs[0][:4], digit_pairs[2][:4].tolist(), strict=True):
        path = isthmus.Polyline(torch.stack([torch.zeros_like(a), a]))
        exact = isthmus.attribute(digits, path, y, exact=True).values
        found = isthmus.attribute(digits, path, y, exact=False, most=most)
        with digits.network.fixed():
            even = attr.IntegratedGradients(wide.logits).attribute(
                a[None].double(), target=y, n_steps=found.gradients, internal_batch_size=500
            )[0]
        assert found.gradients <= most
        ours += float((found.values - exact).abs().sum())
        theirs += float((even - exact).abs().sum())
    assert ours <= theirs * (1 + 1e-6)


def test_what_is_smooth_is_extrapolated():
    """Nodes are even, and no gradient is evaluated twice: 9, 17, 33, 65."""
    counts = []
    for tolerance in (1e-2, 1e-6, 1e-11):
        found = isthmus.attribute(bent(nn.Sigmoid()), line(6), 0, tolerance=tolerance)
        assert found.completeness_error <= tolerance * abs(found.change) + 1e-15 and found.parts == 1
        counts.append(found.gradients)
    assert set(counts) <= {9, 17, 33, 65} and counts[0] < counts[2]


def test_no_interval_is_lost_where_kinks_are_few():
    """Intervals around a kink become as narrow as they may; others must not be taken out in their place."""

    class Kinks(nn.Module):
        def forward(self, x):
            a, b = x[:, 0], x[:, 1]
            return torch.stack([3 * (a - 0.3137).relu() + 5 * (b - 0.617).relu() - (a - 0.777).relu(), a], 1)

    path = isthmus.Polyline(torch.tensor([[0.0, 0.0], [1.0, 1.0]], dtype=torch.float64))
    found = isthmus.attribute(landscape_of(Kinks(), 2), path, 0, exact=False, tolerance=1e-8)
    true = torch.tensor([3 * (1 - 0.3137) - (1 - 0.777), 5 * (1 - 0.617)], dtype=torch.float64)
    assert float((found.values - true).abs().max()) < 1e-6


def test_a_sum_that_is_right_by_symmetry_is_not_enough():
    class Symmetric(nn.Module):
        def forward(self, x):
            return torch.stack([(8 * x[:, 0]).exp() - (8 * x[:, 1]).exp() + x[:, 2], x[:, 0]], 1)

    path = isthmus.Polyline(torch.stack([torch.zeros(3), torch.ones(3)]).double())
    found = isthmus.attribute(landscape_of(Symmetric(), 3), path, 0)
    assert float(found.values[0]) == pytest.approx(math.exp(8) - 1, rel=1e-5)


def test_intervals_are_taken_in_the_precision_that_their_tolerance_asks_for(monkeypatch):
    landscape, path = bent(nn.GELU()), line(6)
    seen = []
    gradient = isthmus.Landscape.gradient
    monkeypatch.setattr(
        isthmus.Landscape,
        "gradient",
        lambda self, x, *rest, **named: seen.append(x.dtype) or gradient(self, x, *rest, **named),
    )
    coarse = isthmus.attribute(landscape, path, 0, exact=False)
    assert set(seen) == {torch.float32} and coarse.completeness_error <= 1e-3 * abs(coarse.change)
    seen.clear()
    fine = isthmus.attribute(landscape, path, 0, exact=False, tolerance=1e-7)
    assert set(seen) == {torch.float64} and fine.completeness_error <= 1e-7 * abs(fine.change)
    torch.testing.assert_close(coarse.values, fine.values, atol=1e-3 * abs(coarse.change), rtol=0)
